//! What we talk to, in words that may be shown.

use std::fmt;

use serde::Serialize;

use crate::domain::Mode;

/// Mode, address and database of what is watched. Holds no credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// How it is reached.
    pub mode: Mode,
    /// `host:port`, the path of a socket, a project URL, or `in memory`.
    pub address: String,
    /// The database's name; empty where the address says all.
    pub database: String,
    /// The role that logs in; empty where there is none.
    pub role: String,
    /// What protects the way there, as configured.
    pub security: TransportSecurity,
}

/// What protects the way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TransportSecurity {
    /// It does not leave this machine.
    ThisMachine,
    /// TLS with a checked certificate and host name.
    Verified,
    /// TLS is demanded and the other end is not checked, or not by name.
    Encrypted,
    /// TLS where the server offers it, else plain text to another host.
    Opportunistic,
    /// Plain text to another host.
    Plain,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        if !self.database.is_empty() {
            write!(f, "/{}", self.database)?;
        }
        Ok(())
    }
}
