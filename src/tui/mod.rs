//! The screen: keeps what the backend tells, draws it, and turns keys into
//! commands. Knows nothing of adapters, drivers or how a database is reached.

mod action;
mod banners;
mod clock;
mod data;
mod detail;
mod diagnosis;
mod difference;
mod error;
mod event_loop;
mod failure;
mod footer;
mod frame_gate;
mod freeze;
mod glyphs;
mod header;
mod help;
mod identity;
mod keys;
mod layout;
mod logging;
mod migrations;
mod notice;
mod outages;
mod panes;
mod picker;
mod review;
mod run;
mod scale;
mod scope;
mod screen;
mod signals;
mod suspend;
mod switcher;
mod synchronized;
mod terminal;
mod text;
mod theme;
mod too_small;
mod update;
mod view;
mod watchdog;
mod widgets;
mod words;

pub use error::TuiError;
pub use logging::install_logging;
pub use run::{Ended, Shown, run};
pub use signals::end_by;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
