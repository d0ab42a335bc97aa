//! Pieces that panes are made of. They know styles and columns, and nothing of
//! what the rows and numbers mean.

mod flow;
mod graph;
mod labelled;
mod meter;
mod pane_block;
mod popup;
mod rows;

pub(super) use flow::{flow, paragraph};
pub(super) use graph::{Column, Graph};
pub(super) use labelled::{Fact, labelled};
pub(super) use meter::meter;
pub(super) use pane_block::pane_block;
pub(super) use popup::{Popup, popup};
pub(super) use rows::{Rows, render_rows};
