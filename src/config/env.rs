//! The environment behind a trait, so that tests never touch the real one.
//! Knows nothing of which variables matter.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt, io,
};

/// A set of environment variables.
pub trait Env: fmt::Debug {
    /// The value of one variable; `None` when it is not set.
    fn get(&self, name: &str) -> Option<OsString>;

    /// The names of all variables.
    fn names(&self) -> Vec<OsString>;

    /// The name of the user who runs the process, as the system's list of users
    /// has it; asked for where no variable says it (cron, containers).
    ///
    /// # Errors
    /// When the system does not know it.
    fn account(&self) -> io::Result<String>;
}

/// The environment of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEnv;

/// An environment that is given whole, for tests and for embedding.
#[derive(Clone, Default)]
pub struct FixedEnv(BTreeMap<OsString, OsString>);

impl Env for SystemEnv {
    fn get(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }

    fn names(&self) -> Vec<OsString> {
        std::env::vars_os().map(|(name, _)| name).collect()
    }

    fn account(&self) -> io::Result<String> {
        whoami::username().map_err(io::Error::other)
    }
}

impl Env for FixedEnv {
    fn get(&self, name: &str) -> Option<OsString> {
        self.0.get(OsStr::new(name)).cloned()
    }

    fn names(&self) -> Vec<OsString> {
        self.0.keys().cloned().collect()
    }

    /// No list of users belongs to it.
    fn account(&self) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for FixedEnv {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for FixedEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
