//! View state: what the reader has focused, opened and scrolled, and how it
//! is drawn. Holds nothing that is true or false about the database.

use std::mem::{self, Discriminant};

use tui_logger::TuiWidgetState;

use crate::{
    config::TuiSection,
    tui::{
        detail::Detail,
        glyphs::{self, Glyphs},
        migrations::{Answer, Panel},
        picker::{Picker, Scroll},
        review,
        scale::Scale,
        switcher,
        theme::Theme,
    },
};

/// The state of the view. Only `update` and drawing (for page sizes) change it.
pub(super) struct View {
    /// How everything looks.
    pub(super) look: Look,
    /// The pane that keys go to.
    pub(super) focus: Pane,
    /// The one of the panes 3 to 6 that small screens show.
    pub(super) lower: Pane,
    /// True when the screen, as last drawn, shows one of the panes 3 to 6 only.
    pub(super) shares_lower: bool,
    /// The focused pane fills the screen.
    pub(super) is_zoomed: bool,
    /// What lies over the panes.
    pub(super) overlay: Option<Overlay>,
    /// The reader has wished to quit, and was told what that would break off.
    pub(super) is_leaving: bool,
    pub(super) connection: Scroll,
    /// The scale of the latency graph, as last drawn.
    pub(super) scale: Scale,
    pub(super) checks: Picker,
    pub(super) operations: Picker,
    pub(super) errors: Picker,
    pub(super) log: TuiWidgetState,
}

/// Colours and characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) theme: Theme,
    pub(super) glyphs: Glyphs,
    pub(super) charset: Charset,
}

/// The characters that the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    Unicode,
    Ascii,
}

/// What lies over the panes.
pub(super) enum Overlay {
    /// The keys and signs.
    Help(Scroll),
    /// Everything about one row.
    Detail(Box<Detail>, Scroll),
    /// The newest diagnosis.
    Diagnosis(Scroll),
    /// The migrations.
    Migrations(Box<Panel>),
    /// What could be watched instead.
    Switcher(switcher::Panel),
    /// The configuration as it was read again.
    Review(review::Panel),
}

/// The six panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pane {
    Connection,
    Latency,
    Checks,
    Operations,
    Errors,
    Log,
}

/// Where a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a pane, with nothing above it.
    Pane(Pane),
    /// In the help.
    Help,
    /// In the details of a row.
    Detail,
    /// In the diagnosis.
    Diagnosis,
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

// === impl View ===

impl View {
    /// The view at the start.
    pub(super) fn new(section: TuiSection) -> Self {
        Self {
            look: Look::new(section),
            shares_lower: false,
            focus: Pane::Connection,
            lower: Pane::Checks,
            is_zoomed: false,
            overlay: None,
            is_leaving: false,
            connection: Scroll::default(),
            scale: Scale::default(),
            checks: Picker::default(),
            operations: Picker::default(),
            errors: Picker::default(),
            log: TuiWidgetState::new(),
        }
    }

    /// Where a key pressed now is pressed.
    pub(super) fn place(&self) -> Place {
        match &self.overlay {
            None => Place::Pane(self.focus),
            Some(Overlay::Help(_)) => Place::Help,
            Some(Overlay::Detail(..)) => Place::Detail,
            Some(Overlay::Diagnosis(_)) => Place::Diagnosis,
            Some(Overlay::Switcher(_)) => Place::Switcher,
            Some(Overlay::Review(_)) => Place::Review,
            Some(Overlay::Migrations(panel)) => match &panel.asking {
                None => Place::Migrations,
                Some(asking) => match asking.answer {
                    Answer::Key => Place::Question,
                    Answer::Name { .. } => Place::Name,
                },
            },
        }
    }

    /// Which kind of thing lies over the panes, if any does.
    pub(super) fn cover(&self) -> Option<Discriminant<Overlay>> {
        self.overlay.as_ref().map(mem::discriminant)
    }

    /// Something else is watched: what was opened and selected of the old
    /// connection is no more.
    pub(super) fn begin_anew(&mut self) {
        if !matches!(self.overlay, Some(Overlay::Help(_))) {
            self.overlay = None;
        }
        self.connection.rewind();
        self.scale = Scale::default();
        self.checks = Picker::default();
        self.operations = Picker::default();
        self.errors = Picker::default();
    }

    /// Gives the focus to a pane.
    pub(super) fn focus(&mut self, pane: Pane) {
        self.focus = pane;
        if pane.is_lower() {
            self.lower = pane;
        }
    }
}

// === impl Look ===

impl Look {
    /// The look that the configuration asks for.
    pub(super) fn new(section: TuiSection) -> Self {
        let (glyphs, charset) = if section.ascii {
            (glyphs::ASCII, Charset::Ascii)
        } else {
            (glyphs::UNICODE, Charset::Unicode)
        };
        Self {
            theme: Theme::new(section),
            glyphs,
            charset,
        }
    }
}

// === impl Pane ===

impl Pane {
    /// All panes in the order of their numbers.
    pub(super) const ALL: [Self; 6] = [
        Self::Connection,
        Self::Latency,
        Self::Checks,
        Self::Operations,
        Self::Errors,
        Self::Log,
    ];

    /// Its number and key, 1 to 6.
    pub(super) const fn number(self) -> usize {
        self as usize + 1
    }

    /// Its name.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::Latency => "Latency",
            Self::Checks => "Health checks",
            Self::Operations => "Operations",
            Self::Errors => "Errors",
            Self::Log => "Log",
        }
    }

    /// True for the panes that share one place on small screens.
    pub(super) const fn is_lower(self) -> bool {
        !matches!(self, Self::Connection | Self::Latency)
    }

    /// The pane after this one, around the end.
    pub(super) fn next(self) -> Self {
        Self::ALL[self.number() % Self::ALL.len()]
    }

    /// The pane before this one, around the start.
    pub(super) fn previous(self) -> Self {
        Self::ALL[(self.number() + Self::ALL.len() - 2) % Self::ALL.len()]
    }
}
