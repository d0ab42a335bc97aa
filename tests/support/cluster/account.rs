//! The operating-system user that servers run as. PostgreSQL refuses to run
//! as root; this must not know what else a server needs.

use std::{
    env, fs,
    os::unix::{
        fs::{DirBuilderExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

/// Whose processes the servers are.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    own_name: String,
    server_name: String,
    /// Set when we are root and must step down.
    other: Option<(u32, u32)>,
}

impl Account {
    /// Ourselves; when we are root, `postgres`, or else `nobody`.
    pub(crate) fn choose() -> Self {
        let own_name = id(&["-un"]).expect("`id -un` names the user of this process");
        let other = rustix::process::geteuid().is_root().then(|| {
            ["postgres", "nobody"]
                .into_iter()
                .find_map(|name| Some((name, ids_of(name)?)))
                .expect("the tests run as root, and there is neither a user postgres nor nobody")
        });
        Self {
            server_name: other.map_or_else(|| own_name.clone(), |(name, _)| name.to_owned()),
            own_name,
            other: other.map(|(_, ids)| ids),
        }
    }

    /// The name of this process's user, as the server's peer check sees it.
    pub(crate) fn own_name(&self) -> &str {
        &self.own_name
    }

    /// The name of the user that the server's processes run as.
    pub(crate) fn server_name(&self) -> &str {
        &self.server_name
    }

    /// `$TMPDIR`, unless it is root's and this user may not even enter it.
    pub(crate) fn chosen_folder(&self) -> Option<PathBuf> {
        match self.other {
            Some(_) => None,
            None => env::var_os("TMPDIR").map(PathBuf::from),
        }
    }

    /// A command that runs as this user, away from the terminal's signals and
    /// with nothing of our environment but the search path.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").process_group(0);
        if let Some(path) = env::var_os("PATH") {
            command.env("PATH", path);
        }
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        command
    }

    /// Makes a folder that this user alone may enter.
    pub(crate) fn make_folder(&self, path: &Path) {
        fs::DirBuilder::new()
            .mode(0o700)
            .create(path)
            .expect("a folder can be made");
        self.own(path);
    }

    /// Gives a file or folder to this user.
    pub(crate) fn own(&self, path: &Path) {
        if let Some((user, group)) = self.other {
            chown(path, Some(user), Some(group)).expect("root can give files away");
        }
    }

    /// Gives a folder to this user, with all that is in it.
    pub(crate) fn own_all(&self, folder: &Path) {
        self.own(folder);
        for entry in fs::read_dir(folder).expect("the folder can be listed") {
            let entry = entry.expect("the folder can be listed");
            let kind = entry.file_type().expect("its kind can be asked");
            if kind.is_dir() {
                self.own_all(&entry.path());
            } else {
                self.own(&entry.path());
            }
        }
    }
}

fn ids_of(name: &str) -> Option<(u32, u32)> {
    let user = id(&["-u", name])?.parse().ok()?;
    let group = id(&["-g", name])?.parse().ok()?;
    Some((user, group))
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
