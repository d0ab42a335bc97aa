//! A pooler between this program and the server: how it hands the server's
//! sessions around, and what does not work through it. Knows no pooler's name.

use serde::{Deserialize, Serialize};

/// When a server's session is given to another client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PoolMode {
    /// When its client leaves.
    Session,
    /// When a transaction has ended.
    Transaction,
    /// When a statement has ended: there are no transactions.
    Statement,
    /// A pooler is there, and how it hands sessions around was not seen.
    Unknown,
}

/// A pooler, as a health check tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Told", into = "Told")]
pub struct Pooler {
    /// When it gives a server's session to another client.
    pub mode: PoolMode,
}

/// The form in JSON, which says what follows from the mode, too.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    mode: PoolMode,
    #[serde(default, skip_deserializing)]
    does_not_work: &'static [&'static str],
}

/// What belongs to a session, and is lost or somebody else's without one.
const OF_A_SESSION: &[&str] = &[
    "session settings",
    "LISTEN",
    "session locks",
    "named prepared statements",
    "temporary tables",
    "WITH HOLD cursors",
];

/// The same, and what needs more than one statement.
const OF_A_TRANSACTION: &[&str] = &[
    "transactions",
    "deadlines at the server",
    "session settings",
    "LISTEN",
    "locks",
    "named prepared statements",
    "temporary tables",
    "cursors",
];

// === impl PoolMode ===

impl PoolMode {
    /// The words used on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session mode",
            Self::Transaction => "transaction mode",
            Self::Statement => "statement mode",
            Self::Unknown => "mode not known",
        }
    }

    /// What does not work through such a pooler.
    #[must_use]
    pub const fn does_not_work(self) -> &'static [&'static str] {
        match self {
            Self::Session => &[],
            Self::Transaction | Self::Unknown => OF_A_SESSION,
            Self::Statement => OF_A_TRANSACTION,
        }
    }

    /// Whether a session of ours may be served by another process of the
    /// server from one transaction to the next.
    #[must_use]
    pub const fn shares_sessions(self) -> bool {
        match self {
            Self::Session => false,
            Self::Transaction | Self::Statement | Self::Unknown => true,
        }
    }

    /// What watching through it cannot promise; nothing where a session of ours
    /// is one of the server's, whose end is seen at once.
    #[must_use]
    pub const fn watching(self) -> Option<&'static str> {
        match self {
            Self::Session => None,
            Self::Transaction | Self::Statement | Self::Unknown => {
                Some("the socket is the pooler's; heartbeats and checks ask the server")
            }
        }
    }

    /// The mode, and what does not work there, in one phrase.
    #[must_use]
    pub fn told(self) -> String {
        let lacks = self.does_not_work();
        if lacks.is_empty() {
            return self.as_str().to_owned();
        }
        let without = match self {
            Self::Unknown => "perhaps without",
            Self::Session | Self::Transaction | Self::Statement => "without",
        };
        format!("{}, {without}: {}", self.as_str(), lacks.join(", "))
    }

    /// What to do where that is needed; nothing where all works.
    #[must_use]
    pub const fn next_step(self) -> Option<&'static str> {
        match self {
            Self::Session => None,
            Self::Transaction | Self::Unknown => Some(
                "for what needs a session use the server's own port (5432) or a pool in session mode",
            ),
            Self::Statement => {
                Some("use the server's own port (5432) or a pool in transaction or session mode")
            }
        }
    }
}

// === impl Pooler ===

impl From<Told> for Pooler {
    fn from(told: Told) -> Self {
        Self { mode: told.mode }
    }
}

impl From<Pooler> for Told {
    fn from(Pooler { mode }: Pooler) -> Self {
        Self {
            mode,
            does_not_work: mode.does_not_work(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_work_is_told_with_the_mode_and_follows_from_it() {
        for mode in [
            PoolMode::Session,
            PoolMode::Transaction,
            PoolMode::Statement,
            PoolMode::Unknown,
        ] {
            let told = serde_json::to_value(Pooler { mode }).unwrap();
            let words = told["doesNotWork"].as_array().unwrap();
            assert_eq!(words.len(), mode.does_not_work().len());
            assert_eq!(words.is_empty(), mode.next_step().is_none(), "{mode:?}");
            let read: Pooler = serde_json::from_value(told).unwrap();
            assert_eq!(read.mode, mode);
        }
    }
}
