//! What could be watched instead, over the panes: the modes or the profiles, each
//! with what it would connect to or why it cannot. Nothing happens before Enter.

mod draw;
mod panel;
mod sentences;

pub(super) use draw::render;
pub(super) use panel::{Panel, Wish};
