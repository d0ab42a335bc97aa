//! One row: a cause, when it strikes, how it ends, and what must be seen. It
//! must not know how it is observed.

use std::path::Path;

use crate::{
    expected::Expected,
    scene::{Bed, Scene},
    seen::Told,
    support::cluster::Pooler,
};

/// When the cause strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Before the program starts.
    Connecting,
    /// While it is connected and asks nothing.
    Idle,
    /// While a statement of a caller runs.
    Statement,
}

/// Whether a row is part of the default run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    Short,
    Long,
}

/// What a row cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    /// Root on Linux, for this reason.
    Root(&'static str),
    /// A C compiler and Linux's loader.
    Preload,
    /// `PgBouncer`.
    Pooler,
    /// `PgBouncer`, and what `German` needs.
    GermanPooler,
    /// PostgreSQL's German messages, and what a German locale is made of.
    German,
}

/// What happens in a row.
#[derive(Clone, Copy)]
pub(crate) enum Play {
    /// The dashboard is on a screen.
    Dashboard {
        /// Makes the bed; while connecting, with the cause in place.
        prepare: fn(&Bed) -> Scene,
        /// Puts the cause in.
        strike: fn(&mut Scene),
        /// Takes it away; nothing when the row ends with it.
        mend: Option<fn(&mut Scene)>,
    },
    /// A caller's statement sleeps at the server.
    Sleeping {
        prepare: fn(&Bed) -> Scene,
        strike: fn(&mut Scene),
        mend: Option<fn(&mut Scene)>,
    },
    /// A caller of the library runs statements of its own.
    Statement(fn(&Bed) -> Told),
}

/// A row of the matrix.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) phase: Phase,
    pub(crate) length: Length,
    pub(crate) need: Need,
    pub(crate) bed: Bed,
    pub(crate) play: Play,
    pub(crate) expected: Expected,
}

impl Row {
    /// A cause that is there when the program starts.
    pub(crate) fn connecting(name: &str, prepare: fn(&Bed) -> Scene, expected: Expected) -> Self {
        let play = Play::Dashboard {
            prepare,
            strike: |_| {},
            mend: None,
        };
        Self::new(name, Phase::Connecting, play, expected)
    }

    /// A cause that strikes an idle connection.
    pub(crate) fn idle(
        name: &str,
        prepare: fn(&Bed) -> Scene,
        strike: fn(&mut Scene),
        expected: Expected,
    ) -> Self {
        let play = Play::Dashboard {
            prepare,
            strike,
            mend: None,
        };
        Self::new(name, Phase::Idle, play, expected)
    }

    /// A cause that strikes a statement while it sleeps at the server.
    pub(crate) fn sleeping(
        name: &str,
        prepare: fn(&Bed) -> Scene,
        strike: fn(&mut Scene),
        expected: Expected,
    ) -> Self {
        let play = Play::Sleeping {
            prepare,
            strike,
            mend: None,
        };
        Self::new(name, Phase::Statement, play, expected)
    }

    /// A cause that strikes a statement.
    pub(crate) fn statement(name: &str, play: fn(&Bed) -> Told, expected: Expected) -> Self {
        Self::new(name, Phase::Statement, Play::Statement(play), expected)
    }

    fn new(name: &str, phase: Phase, play: Play, expected: Expected) -> Self {
        Self {
            name: format!("{}: {name}", phase.as_str()),
            phase,
            length: Length::Short,
            need: Need::Nothing,
            bed: Bed::brisk(),
            play,
            expected,
        }
    }

    /// How the cause is taken away.
    pub(crate) fn mend(mut self, how: fn(&mut Scene)) -> Self {
        if let Play::Dashboard { mend, .. } | Play::Sleeping { mend, .. } = &mut self.play {
            *mend = Some(how);
        }
        self
    }

    /// The row is run by `--full` only.
    pub(crate) fn long(mut self) -> Self {
        self.length = Length::Long;
        self
    }

    /// The row needs root.
    pub(crate) fn root(mut self, reason: &'static str) -> Self {
        self.need = Need::Root(reason);
        self
    }

    /// The row needs a library of ours to be loaded before the program.
    pub(crate) fn preload(mut self) -> Self {
        self.need = Need::Preload;
        self
    }

    /// The row needs a pooler.
    pub(crate) fn pooler(mut self) -> Self {
        self.need = Need::Pooler;
        self
    }

    /// The same row before a server that speaks German.
    pub(crate) fn in_german(mut self) -> Self {
        self.need = match self.need {
            Need::Nothing => Need::German,
            other => other,
        };
        self.on(Bed::german(), "de")
    }

    /// The same row on a terminal of 80 by 24.
    pub(crate) fn narrow(self) -> Self {
        let bed = self.bed.clone().narrow();
        self.on(bed, "80×24")
    }

    /// The same row before a project, on this bed.
    pub(crate) fn before_a_project(mut self, bed: Bed) -> Self {
        self.bed = bed;
        let phase = self.phase.as_str();
        let (_, name) = self.name.split_once(": ").expect("a name has its phase");
        self.name = format!("{phase}: supabase: {name}");
        self
    }

    /// The same row on another bed.
    pub(crate) fn on(mut self, bed: Bed, suffix: &str) -> Self {
        self.bed = bed;
        self.name = format!("{} ({suffix})", self.name);
        self
    }
}

impl Phase {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Idle => "idle",
            Self::Statement => "statement",
        }
    }
}

impl Need {
    /// Why a row with this need cannot be run here, if it cannot.
    pub(crate) fn missing(self) -> Option<String> {
        let linux = cfg!(target_os = "linux");
        match self {
            Self::Nothing => None,
            Self::Root(_) if linux && rustix::process::geteuid().is_root() => None,
            Self::Root(reason) => Some(format!("needs root on Linux: {reason}")),
            Self::Preload if linux => None,
            Self::Preload => Some("needs Linux's loader".to_owned()),
            Self::Pooler if Pooler::program().is_some() => None,
            Self::Pooler => Some("needs PgBouncer (Debian: pgbouncer)".to_owned()),
            Self::GermanPooler => Self::Pooler.missing().or_else(|| Self::German.missing()),
            Self::German if Path::new("/usr/share/i18n/locales/de_DE").exists() => None,
            Self::German => Some("needs the sources of locales (Debian: locales)".to_owned()),
        }
    }
}
