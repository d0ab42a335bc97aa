//! Commands: what a reader of the screen may wish from the backend.

use crate::domain::{AlternativeKind, ConnectionId, Pick};

/// A wish. What becomes of it is told by an
/// [`Event::CommandDone`](crate::domain::Event::CommandDone).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Try to connect at once; resumes retries that were paused.
    Reconnect,
    /// End the connection, or pause the retries.
    Disconnect,
    /// Run a health check at once.
    CheckNow,
    /// Examine the way to the database layer by layer.
    Diagnose,
    /// Read how the migrations stand.
    LookAtMigrations,
    /// Apply the migrations that are pending, at this connection and no other:
    /// what was confirmed for one is never done to the next.
    Migrate(ConnectionId),
    /// Compare tables that others made with ours, and record what matches; at
    /// this connection and no other.
    Adopt(ConnectionId),
    /// List what could be watched instead.
    List(AlternativeKind),
    /// Watch what a row of the newest list names.
    Switch(Pick),
    /// Read the configuration again, and tell what it would change.
    ReadConfig,
    /// Apply the configuration that was read, by the number of that reading.
    ApplyConfig(u64),
}

impl Command {
    /// The words used on screen and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reconnect => "reconnect",
            Self::Disconnect => "disconnect",
            Self::CheckNow => "check now",
            Self::Diagnose => "diagnose",
            Self::LookAtMigrations => "look at migrations",
            Self::Migrate(_) => "migrate",
            Self::Adopt(_) => "adopt",
            Self::List(AlternativeKind::Mode) => "list modes",
            Self::List(AlternativeKind::Profile) => "list profiles",
            Self::Switch(_) => "switch",
            Self::ReadConfig => "read the configuration",
            Self::ApplyConfig(_) => "apply the configuration",
        }
    }
}
