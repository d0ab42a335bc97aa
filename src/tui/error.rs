//! What can end the screen other than the user: the terminal itself. Says
//! nothing of databases; their failures are shown, never returned.

use std::{error::Error, fmt, io};

/// The terminal cannot be used (any more).
#[derive(Debug)]
pub enum TuiError {
    /// It could not be set up: not a terminal, or no rights to it.
    Setup(io::Error),
    /// A frame could not be drawn.
    Draw(Box<dyn Error + Send + Sync + 'static>),
    /// Keys could not be read.
    Input(io::Error),
    /// The stream of keys ended: the terminal is gone.
    InputEnded,
    /// Signals could not be listened to.
    Signals(io::Error),
    /// Another log collector was installed before ours.
    Logging(tracing::subscriber::SetGlobalDefaultError),
}

impl fmt::Display for TuiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setup(_) => "the terminal could not be set up",
            Self::Draw(_) => "the terminal could not be drawn to",
            Self::Input(_) => "the terminal's keys could not be read",
            Self::InputEnded => "the terminal is gone",
            Self::Signals(_) => "signals could not be listened to",
            Self::Logging(_) => "another log collector is installed already",
        })
    }
}

impl Error for TuiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Setup(error) | Self::Input(error) | Self::Signals(error) => Some(error),
            Self::Draw(error) => Some(error.as_ref()),
            Self::Logging(error) => Some(error),
            Self::InputEnded => None,
        }
    }
}
