//! Exit codes: the same number always means the same thing.

use std::{io, process::ExitCode};

use crate::{
    cli::args::Bar,
    domain::{DbError, Health},
};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for a check: the database is usable.
    Done,
    /// Failed; for a check: reachable, but refusing or not usable.
    Failed,
    /// No answer from the database.
    NoAnswer,
    /// Nothing was attempted: the configuration or the command line is wrong.
    NotAttempted,
}

/// What a task came to. How it ended does not depend on whether that could be
/// printed: a script that reads the exit code must not be lied to.
#[derive(Debug)]
pub struct Outcome {
    /// How the program ends.
    pub exit: Exit,
    /// Whether the result could be printed.
    pub printed: io::Result<()>,
}

// === impl Exit ===

impl Exit {
    /// This end, with nothing left to print.
    #[must_use]
    pub const fn silent(self) -> Outcome {
        Outcome {
            exit: self,
            printed: Ok(()),
        }
    }

    /// This end, with what became of printing.
    #[must_use]
    pub const fn printed(self, printed: io::Result<()>) -> Outcome {
        Outcome {
            exit: self,
            printed,
        }
    }

    /// The exit of a check.
    #[must_use]
    pub fn of_check(health: Health, error: Option<&DbError>, bar: Bar) -> Self {
        match (health, error, bar) {
            (_, Some(error), _) if error.kind().was_answered() => Self::Failed,
            (_, Some(_), _) => Self::NoAnswer,
            (Health::Healthy, None, _) | (Health::Degraded, None, Bar::Usable) => Self::Done,
            (Health::Degraded | Health::Unhealthy, None, _) => Self::Failed,
        }
    }

    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::NoAnswer => 2,
            Self::NotAttempted => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, ErrorKind};

    #[track_caller]
    fn check(health: Health, kind: Option<ErrorKind>, bar: Bar, code: u8) {
        let error = kind.map(|kind| DbError::new(Action::Connect, kind));
        assert_eq!(Exit::of_check(health, error.as_ref(), bar).code(), code);
    }

    #[test]
    fn the_code_says_how_far_a_check_came() {
        check(Health::Healthy, None, Bar::Healthy, 0);
        check(Health::Degraded, None, Bar::Usable, 0);
        check(Health::Degraded, None, Bar::Healthy, 1);
        let failed = |kind, code| check(Health::Unhealthy, Some(kind), Bar::Usable, code);
        failed(ErrorKind::AuthFailed, 1);
        failed(ErrorKind::DatabaseMissing, 1);
        failed(ErrorKind::TooManyConnections, 1);
        failed(ErrorKind::ServerNotReady, 1);
        failed(ErrorKind::ConnectionRefused, 2);
        failed(ErrorKind::HostNotFound, 2);
        failed(ErrorKind::Timeout { after_ms: 1 }, 2);
    }
}
