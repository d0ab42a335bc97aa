//! Actions (what a key means) and effects (what is to be done outside the
//! view). Knows neither keys nor how effects are carried out.

use crate::{
    domain::{AlternativeKind, Command},
    tui::{migrations::Write, view::Pane},
};

/// The meaning of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Leave the program.
    Quit,
    /// Open or close the help.
    Help,
    /// Give the focus to a pane.
    Focus(Pane),
    /// Give the focus to the next pane.
    FocusNext,
    /// Give the focus to the pane before.
    FocusPrevious,
    /// Scroll, or select another row.
    Move(Motion),
    /// Show everything about the selected row.
    Details,
    /// Let the focused pane fill the screen, or end that.
    Zoom,
    /// One step back: out of help, details, zoom or scrolling.
    Back,
    /// Keep the panes as they are, or let them go on.
    Freeze,
    /// Stop the program, until the shell lets it go on.
    Suspend,
    /// Ask for a diagnosis and show it.
    Diagnose,
    /// Ask how the migrations stand and show it.
    Migrations,
    /// Ask what could be watched instead and show it.
    List(AlternativeKind),
    /// Watch what is selected.
    Choose,
    /// Ask what the configuration says now and show how it differs.
    Review,
    /// Apply the configuration that is shown.
    Apply,
    /// Wish something that writes, which asks first.
    Ask(Write),
    /// Confirm what was asked.
    Confirm,
    /// Type a character of an answer.
    Type(char),
    /// Take the last character back.
    Erase,
    /// Wish something from the backend.
    Command(Command),
}

/// Which way to scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}

/// What the loop has to do after an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// End the loop.
    Quit,
    /// Give the terminal back and stop the process.
    Suspend,
    /// Keep what the panes show as it is now.
    Freeze,
    /// Let the panes show what is true now.
    Thaw,
    /// Hand a command to the backend.
    Send(Command),
    /// Say why nothing else is done.
    Say(&'static str),
}
