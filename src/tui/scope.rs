//! Where a key means what: the places of a binding. Knows no keys.

use crate::tui::view::{Pane, Place};

/// The places where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Everywhere,
    /// In all panes, not above them.
    Panes,
    /// In panes whose rows have details.
    Rows,
    /// Where something scrolls.
    Scrolled,
    /// Where something scrolls whose ends can be reached at once.
    Ends,
    /// In the log.
    Log,
    /// In the migrations.
    Migrations,
    /// In the list of what could be watched instead.
    Switcher,
    /// In the configuration that was read again.
    Review,
    /// Where a question waits for a key.
    Question,
    /// Where a name is typed.
    Name,
}

// === impl Scope ===

impl Scope {
    /// True where the binding holds.
    pub(super) const fn holds_at(self, place: Place) -> bool {
        match (self, place) {
            (Self::Question, Place::Question) | (Self::Name, Place::Name) => true,
            // What is asked is answered first.
            (_, Place::Question | Place::Name) => false,
            (Self::Everywhere, _)
            | (Self::Panes, Place::Pane(_))
            | (Self::Rows, Place::Pane(Pane::Checks | Pane::Operations | Pane::Errors))
            | (Self::Log, Place::Pane(Pane::Log))
            | (Self::Migrations, Place::Migrations)
            | (Self::Switcher, Place::Switcher)
            | (Self::Review, Place::Review) => true,
            (Self::Scrolled, place) => !matches!(place, Place::Pane(Pane::Latency)),
            (Self::Ends, place) => !matches!(place, Place::Pane(Pane::Latency | Pane::Log)),
            (
                Self::Panes
                | Self::Rows
                | Self::Log
                | Self::Migrations
                | Self::Switcher
                | Self::Review
                | Self::Question
                | Self::Name,
                _,
            ) => false,
        }
    }
}
