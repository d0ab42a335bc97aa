//! One statement of a person on a session of its own. Knows nothing of how its
//! result is shown.

mod array;
mod cancel;
mod carry_out;
mod effects;
mod inspect;
mod json_text;
mod left_behind;
mod relay;
mod within;

pub(super) use cancel::Canceller;
pub(super) use carry_out::run;
