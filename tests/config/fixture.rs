//! A home, a working directory and an environment of a test's own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use dbvitals::{
    config::{
        AdapterSection, Complaints, Fallback, FixedEnv, Flags, Loaded, LocalSection, MockSection,
        Row, Sources, SupabaseSection, load, settings,
    },
    domain::Secret,
};
use tempfile::TempDir;

/// What a configuration is read from in a test.
pub(crate) struct Given {
    pub(crate) home: TempDir,
    env: Vec<(String, String)>,
    flags: Flags,
}

/// Nothing is configured; the user is called tester.
pub(crate) fn given() -> Given {
    let home = TempDir::new().unwrap();
    let path = home.path().to_str().unwrap().to_owned();
    let env = [
        ("HOME", path.as_str()),
        ("PGSYSCONFDIR", path.as_str()),
        ("USER", "tester"),
    ];
    Given {
        env: env
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
        home,
        flags: Flags::default(),
    }
}

impl Given {
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a variable of the fixture itself.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self
    }

    /// `config.toml` in the working directory, which is the home folder.
    pub(crate) fn config(self, text: &str) -> Self {
        self.file("config.toml", text)
    }

    /// A file in the home folder that only its owner may read.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        self.file_with_mode(name, text, 0o600)
    }

    pub(crate) fn file_with_mode(self, name: &str, text: &str, mode: u32) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn set(mut self, assignment: &str) -> Self {
        self.flags.set.push(Secret::new(assignment));
        self
    }

    pub(crate) fn url(mut self, url: &str) -> Self {
        self.flags.url = Some(Secret::new(url));
        self
    }

    pub(crate) fn flags(mut self, change: impl FnOnce(&mut Flags)) -> Self {
        change(&mut self.flags);
        self
    }

    pub(crate) fn mode(self, mode: &str) -> Self {
        self.flags(|flags| flags.mode = Some(mode.to_owned()))
    }

    pub(crate) fn load(&self, fallback: Fallback) -> Result<Loaded, Complaints> {
        self.load_in(self.home.path(), fallback)
    }

    pub(crate) fn load_in(&self, cwd: &Path, fallback: Fallback) -> Result<Loaded, Complaints> {
        let env: FixedEnv = self.env.iter().cloned().collect();
        let sources = Sources {
            flags: self.flags.clone(),
            env: &env,
            cwd: cwd.to_owned(),
        };
        load(&sources, fallback)
    }

    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.env
    }

    pub(crate) fn given_flags(&self) -> Flags {
        self.flags.clone()
    }

    /// What is shown of the values, whether they are valid or not.
    pub(crate) fn settings(&self) -> String {
        let env: FixedEnv = self.env.iter().cloned().collect();
        let rows = settings(&Sources {
            flags: self.flags.clone(),
            env: &env,
            cwd: self.home.path().to_owned(),
        });
        format!("{rows:?}")
    }

    /// The configuration; a complaint fails the test.
    #[track_caller]
    pub(crate) fn loaded(&self) -> Loaded {
        match self.load(Fallback::Mock) {
            Ok(loaded) => loaded,
            Err(complaints) => panic!("{complaints}"),
        }
    }

    /// The section of local mode.
    #[track_caller]
    pub(crate) fn local(&self) -> LocalSection {
        match self.loaded().config.adapter {
            AdapterSection::Local(local) => *local,
            AdapterSection::Mock(_) => panic!("mode is mock"),
            AdapterSection::Supabase(_) => panic!("mode is supabase"),
        }
    }

    /// The section of supabase mode.
    #[track_caller]
    pub(crate) fn supabase(&self) -> SupabaseSection {
        match self.loaded().config.adapter {
            AdapterSection::Supabase(supabase) => *supabase,
            AdapterSection::Local(_) => panic!("mode is local"),
            AdapterSection::Mock(_) => panic!("mode is mock"),
        }
    }

    /// The section of mock mode.
    #[track_caller]
    pub(crate) fn mock(&self) -> MockSection {
        match self.loaded().config.adapter {
            AdapterSection::Local(_) => panic!("mode is local"),
            AdapterSection::Supabase(_) => panic!("mode is supabase"),
            AdapterSection::Mock(mock) => mock,
        }
    }

    /// Every complaint, the home folder written as `~`; without a screen.
    #[track_caller]
    pub(crate) fn complaints(&self) -> Vec<String> {
        let complaints = self.load(Fallback::Refuse).unwrap_err().to_string();
        let home = self.home.path().to_str().unwrap();
        complaints
            .lines()
            .map(|line| line.replace(home, "~"))
            .collect()
    }

    /// Value and origin of a key or of a part of the connection.
    #[track_caller]
    pub(crate) fn row(&self, key: &str) -> (String, String) {
        let loaded = self.loaded();
        let mut rows = loaded.settings.iter().chain(&loaded.connection);
        let row: &Row = rows.find(|row| row.key == key).unwrap();
        let home = self.home.path().to_str().unwrap();
        (
            row.value.clone().unwrap_or_else(|| "-".to_owned()),
            row.origin.replace(home, "~"),
        )
    }
}
