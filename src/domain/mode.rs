//! The three ways of reaching a database.

use std::{error::Error, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The active database mode of a configuration or connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A Supabase project over its REST interface.
    Supabase,
    /// A PostgreSQL server that is reached directly.
    Local,
    /// An embedded database in memory; nothing persists.
    Mock,
}

impl Mode {
    /// All modes, in the data model's order.
    pub const ALL: [Self; 3] = [Self::Supabase, Self::Local, Self::Mock];

    /// The word used in configuration, JSON and on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supabase => "supabase",
            Self::Local => "local",
            Self::Mock => "mock",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == text)
            .ok_or_else(|| UnknownMode(text.to_owned()))
    }
}

/// A word that names no mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMode(String);

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is none of supabase, local, mock", self.0)
    }
}

impl Error for UnknownMode {}
