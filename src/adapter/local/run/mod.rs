//! One statement of a person on a session of its own. Knows nothing of how its
//! result is shown.

mod array;
mod cancel;
mod inspect;
mod json_text;
mod leading;
mod relay;
mod run;
mod within;

pub(super) use run::run;
