//! Commands: what a reader of the screen may wish from the backend.

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
    /// Apply the migrations that are pending.
    Migrate,
    /// Compare tables that others made with ours, and record what matches.
    Adopt,
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
            Self::Migrate => "migrate",
            Self::Adopt => "adopt",
        }
    }
}
