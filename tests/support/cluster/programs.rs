//! Finds PostgreSQL's server programs. It must not know what is done with them.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder that holds `initdb`, `postgres` and `psql`.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Looks at `$DBVITALS_PG_BIN`, at what `pg_config` says, at the usual
    /// folders (newest version first) and at `$PATH`, in this order.
    pub(crate) fn find() -> Self {
        let found = candidates().into_iter().find(|folder| is_complete(folder));
        let Some(folder) = found else {
            panic!(
                "PostgreSQL's server programs (initdb, postgres, psql) were not found. \
                 Install them (Debian and Ubuntu: `apt-get install postgresql`; Fedora: \
                 `dnf install postgresql-server`; macOS: `brew install postgresql`), which \
                 `tests/run` does where it may, or set DBVITALS_PG_BIN to their folder."
            );
        };
        Self { folder }
    }

    /// The path of one program.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the server says of its version, with letters, digits and dots only.
    pub(crate) fn version(&self) -> String {
        let output = Command::new(self.path("postgres"))
            .arg("--version")
            .output()
            .expect("`postgres --version` runs");
        assert!(output.status.success(), "`postgres --version` failed");
        String::from_utf8_lossy(&output.stdout)
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '.')
            .collect()
    }
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres", "psql"]
        .iter()
        .all(|program| folder.join(program).is_file())
}

fn candidates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = env::var_os("DBVITALS_PG_BIN")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    found.extend(from_pg_config());
    found.extend(versions_in("/usr/lib/postgresql", ""));
    found.extend(versions_in("/usr", "pgsql-"));
    found.extend(versions_in("/opt/homebrew/opt", "postgresql"));
    found.extend(versions_in("/usr/local/opt", "postgresql"));
    found.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    found
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(path.trim_end()))
}

/// `PARENT/PREFIX…/bin`, the highest version first. A folder that is absent or
/// may not be read holds none.
fn versions_in(parent: &str, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?.trim_start_matches('@');
            Some((version.parse().unwrap_or(0), entry.path().join("bin")))
        })
        .collect();
    versions.sort_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, folder)| folder).collect()
}
