//! How the database stands with our migrations, over the panes: every file, what
//! can be done about it, and a run as it goes on. It is never frozen: who asks
//! for it wants to know what is true now.

mod draw;
mod files;
mod in_a_line;
mod offer;
mod panel;

pub(super) use draw::render;
pub(super) use in_a_line::in_a_line;
pub(super) use offer::{Offer, Write, offer};
pub(super) use panel::{Answer, Panel};
