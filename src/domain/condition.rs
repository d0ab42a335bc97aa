//! The conditions that a rehearsed database can be in, and their words. Knows
//! nothing of when they hold.

use std::{fmt, time::Duration};

/// What a rehearsed database does for a while. `Display` is its word, with the
/// delay of `slow`: `slow 800 ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Condition {
    /// All is well.
    Calm,
    /// The server is stopped: its sessions ended, and nothing listens.
    Refuse,
    /// Every connection is reset, those that stand and those that are made.
    Lose,
    /// Everything is accepted and nothing is answered.
    Hang,
    /// The password is refused; who is logged in stays so.
    Auth,
    /// The required tables are missing.
    Schema,
    /// Each answer takes so much longer.
    Slow {
        /// Added to each round trip.
        by: Duration,
    },
    /// No connection slot is free; who is logged in stays so.
    Full,
}

impl Condition {
    /// The words of all conditions, in the order of their declaration.
    pub const WORDS: [&str; 8] = [
        "calm", "refuse", "lose", "hang", "auth", "schema", "slow", "full",
    ];

    /// The word used in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Refuse => "refuse",
            Self::Lose => "lose",
            Self::Hang => "hang",
            Self::Auth => "auth",
            Self::Schema => "schema",
            Self::Slow { .. } => "slow",
            Self::Full => "full",
        }
    }

    /// What the word means, for people, in a few words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Calm => "all is well",
            Self::Refuse => "the server is stopped",
            Self::Lose => "connections are reset",
            Self::Hang => "nothing is answered",
            Self::Auth => "the password is refused",
            Self::Schema => "the tables are missing",
            Self::Slow { .. } => "answers are late",
            Self::Full => "no slot is free",
        }
    }

    /// Whether no session outlives it.
    #[must_use]
    pub const fn ends_sessions(self) -> bool {
        match self {
            Self::Refuse | Self::Lose => true,
            Self::Calm
            | Self::Hang
            | Self::Auth
            | Self::Schema
            | Self::Slow { .. }
            | Self::Full => false,
        }
    }

    /// What it adds to each round trip.
    #[must_use]
    pub const fn delay(self) -> Duration {
        match self {
            Self::Slow { by } => by,
            Self::Calm
            | Self::Refuse
            | Self::Lose
            | Self::Hang
            | Self::Auth
            | Self::Schema
            | Self::Full => Duration::ZERO,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())?;
        if let Self::Slow { by } = self {
            write!(f, " {} ms", by.as_millis())?;
        }
        Ok(())
    }
}
