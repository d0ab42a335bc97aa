//! What a configuration is read from. Knows nothing of how it is read, nor of
//! the command line's parser.

use std::{fmt, path::PathBuf};

use crate::{config::Env, domain::Secret};

/// All sources of a configuration, strongest first.
pub struct Sources<'a> {
    /// The command line.
    pub flags: Flags,
    /// The environment.
    pub env: &'a dyn Env,
    /// The working directory: `config.toml` is looked for here, and relative
    /// paths start here.
    pub cwd: PathBuf,
}

/// The part of the command line that configures.
///
/// `set` and `url` are secrets: somebody may give a password there, and it
/// must not be repeated when it is refused.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--mode`, as written.
    pub mode: Option<String>,
    /// `--scenario`, as written.
    pub scenario: Option<String>,
    /// `--config`: the file to read.
    pub config: Option<PathBuf>,
    /// `--profile`: the profile of the file to use.
    pub profile: Option<String>,
    /// `--read-only` was given.
    pub read_only: bool,
    /// `--ascii` was given.
    pub ascii: bool,
    /// Each `--set KEY=VALUE`, in order; of two for the same key the later holds.
    pub set: Vec<Secret>,
    /// The positional URL.
    pub url: Option<Secret>,
}

/// What becomes of a configuration that names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Mock mode, with a warning that stays on the screen.
    Mock,
    /// A complaint: a check that passes because nothing was configured would
    /// hide the mistake.
    Refuse,
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("flags", &self.flags)
            .field("cwd", &self.cwd)
            .finish_non_exhaustive()
    }
}
