//! The things that a row breaks: a server, the way to it, names, and how the
//! program is started. It must not know what is seen of them.

use std::{path::PathBuf, sync::Mutex, time::Duration};

use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use crate::support::{
    clock::ShiftedClock,
    cluster::{Builder, Cluster, Pooler, SlotGuard},
    disk::SmallDisk,
    network::{NameServer, Network, with_names},
    process::{self, Signal},
    proxy::{Mode, Proxy},
    sockets::{FullQueue, Listener},
    standin::Standin,
    terminal::Launch,
};

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_dbvitals");

/// A terminal that shows all panes.
const WIDE: (u16, u16) = (120, 40);

/// A terminal in a corner of another one.
const NARROW: (u16, u16) = (80, 24);

/// The rhythms of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rhythm {
    /// Quick ones, so that rows about silence are short.
    Brisk,
    /// As they are when nothing is configured.
    Default,
    /// Quick ones before a project: there only checks ask for a sign of life.
    Project,
}

/// On what kind of ground a row is played.
#[derive(Debug, Clone)]
pub(crate) struct Bed {
    pub(crate) rhythm: Rhythm,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    /// The server speaks this language instead of English.
    pub(crate) language: Option<Language>,
}

/// A locale in a folder of its own.
#[derive(Debug, Clone)]
pub(crate) struct Language {
    pub(crate) name: &'static str,
    pub(crate) folder: fn() -> PathBuf,
}

/// What a row has set up. All of it goes away with the value.
#[derive(Default)]
pub(crate) struct Scene {
    pub(crate) proxy: Option<Proxy>,
    pub(crate) pooler: Option<Pooler>,
    pub(crate) cluster: Option<Cluster>,
    /// A project, with a cluster of its own.
    pub(crate) standin: Option<Standin>,
    /// Whom a standby follows.
    pub(crate) primary: Option<Cluster>,
    pub(crate) slots: Option<SlotGuard>,
    pub(crate) listener: Option<Listener>,
    pub(crate) queue: Option<FullQueue>,
    pub(crate) network: Option<Network>,
    pub(crate) names: Option<NameServer>,
    pub(crate) disk: Option<SmallDisk>,
    pub(crate) folder: Option<TempDir>,
    pub(crate) clock: Option<ShiftedClock>,
    /// Another client, and what moves its bytes.
    pub(crate) held: Option<Client>,
    pub(crate) runtime: Option<Runtime>,
    /// The dashboard's process, once it runs.
    pub(crate) pid: Option<u32>,
    /// The address is that of a project.
    pub(crate) is_project: bool,
    /// Texts that nobody may ever see.
    pub(crate) secrets: Vec<String>,
    url: String,
    variables: Vec<(String, String)>,
    wrapper: Vec<String>,
}

// === impl Rhythm ===

impl Rhythm {
    /// Time between two signs of life: `heartbeat_interval`, and without
    /// heartbeats `health_check_interval`.
    pub(crate) const fn heartbeat(self) -> Duration {
        match self {
            Self::Brisk => Duration::from_millis(500),
            Self::Default => Duration::from_secs(1),
            Self::Project => Self::INTERVAL,
        }
    }

    /// `health_check_interval` of the quick rhythms.
    const INTERVAL: Duration = Duration::from_secs(5);

    /// `health_check_timeout`.
    pub(crate) const fn timeout(self) -> Duration {
        match self {
            Self::Brisk | Self::Project => Duration::from_secs(2),
            Self::Default => Duration::from_secs(5),
        }
    }

    fn variables(self) -> Vec<(&'static str, String)> {
        let ms = |time: Duration| time.as_millis().to_string();
        let quick = || {
            vec![
                ("DBVITALS_HEALTH_CHECK_TIMEOUT", ms(self.timeout())),
                ("DBVITALS_HEALTH_CHECK_INTERVAL", ms(Self::INTERVAL)),
                ("DBVITALS_RETRY_DELAY", "300".to_owned()),
            ]
        };
        match self {
            Self::Default => Vec::new(),
            Self::Brisk => {
                let mut quick = quick();
                quick.push(("DBVITALS_HEARTBEAT_INTERVAL", ms(self.heartbeat())));
                quick
            }
            Self::Project => {
                let mut quick = quick();
                // On a loaded machine a debug build of the stand-in takes long.
                quick.push(("DBVITALS_SLOW_THRESHOLD", "1000".to_owned()));
                quick
            }
        }
    }
}

// === impl Bed ===

impl Bed {
    /// Quick rhythms and an English server.
    pub(crate) const fn brisk() -> Self {
        Self {
            rhythm: Rhythm::Brisk,
            size: WIDE,
            language: None,
        }
    }

    /// Quick rhythms and a German server.
    pub(crate) const fn german() -> Self {
        Self {
            rhythm: Rhythm::Brisk,
            size: WIDE,
            language: Some(GERMAN),
        }
    }

    /// The default rhythms and an English server.
    pub(crate) const fn unhurried() -> Self {
        Self {
            rhythm: Rhythm::Default,
            size: WIDE,
            language: None,
        }
    }

    /// Quick rhythms before a project.
    pub(crate) const fn project() -> Self {
        Self {
            rhythm: Rhythm::Project,
            size: WIDE,
            language: None,
        }
    }

    /// The same on a small terminal.
    pub(crate) fn narrow(mut self) -> Self {
        self.size = NARROW;
        self
    }

    /// A server that takes the role without a password, whose arithmetic is
    /// slow in a debug build.
    pub(crate) fn cluster(&self) -> Cluster {
        self.trusting(Cluster::builder())
    }

    /// The same, from a builder.
    pub(crate) fn trusting(&self, builder: Builder) -> Cluster {
        let cluster = self.strict(builder);
        cluster.put_first_in_hba("host all vitals 0.0.0.0/0 trust");
        cluster
    }

    /// A server that asks for the password.
    pub(crate) fn strict(&self, builder: Builder) -> Cluster {
        // The server's own housekeeping writes, too.
        let builder = builder.setting("autovacuum", "off");
        let Some(language) = &self.language else {
            return builder.start();
        };
        let folder = (language.folder)();
        let folder = folder.to_str().expect("the path is text");
        let cluster = builder
            .variable("LOCPATH", folder)
            .setting("lc_messages", language.name)
            .start();
        let words = cluster
            .try_sql("postgres", "select 1/0")
            .expect_err("nobody divides by zero");
        assert!(
            !words.contains("division by zero"),
            "the server does not speak {}: {words}",
            language.name
        );
        cluster
    }
}

// === impl Scene ===

impl Scene {
    /// A server, reached directly.
    pub(crate) fn of(cluster: Cluster) -> Self {
        Self {
            url: cluster.url(),
            cluster: Some(cluster),
            ..Self::default()
        }
    }

    /// A server behind a network that can be broken.
    pub(crate) fn behind_proxy(cluster: Cluster) -> Self {
        let proxy = Proxy::to(cluster.port());
        let mut scene = Self::of(cluster);
        scene.url = scene.url_at("127.0.0.1", proxy.port());
        scene.proxy = Some(proxy);
        scene
    }

    /// An address at which no server of ours is.
    pub(crate) fn at(url: String) -> Self {
        Self {
            url,
            ..Self::default()
        }
    }

    /// The server's URL with another host and port.
    pub(crate) fn url_at(&self, host: &str, port: u16) -> String {
        let cluster = self.cluster.as_ref().expect("the row has a server");
        let own = format!("@{}:{}/", cluster.host(), cluster.port());
        cluster.url().replace(&own, &format!("@{host}:{port}/"))
    }

    /// Another address for the program.
    pub(crate) fn url(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// A parameter more in the address.
    pub(crate) fn parameter(mut self, words: &str) -> Self {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        self.url = format!("{}{mark}{words}", self.url);
        self
    }

    /// A variable of the program's environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What goes before the program.
    pub(crate) fn wrapped(mut self, wrapper: Vec<String>) -> Self {
        self.wrapper = wrapper;
        self
    }

    /// Names resolve as these two files say.
    pub(crate) fn names(mut self, hosts: &str, resolver: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        self.wrapper = with_names(folder.path(), hosts, resolver);
        self.folder = Some(folder);
        self
    }

    /// The address that the program gets.
    pub(crate) fn address(&self) -> &str {
        &self.url
    }

    pub(crate) fn own_pooler(&mut self) -> &mut Pooler {
        self.pooler.as_mut().expect("the row has a pooler")
    }

    pub(crate) fn cluster(&mut self) -> &mut Cluster {
        let behind = self.standin.as_mut().map(Standin::cluster_mut);
        let server = self.cluster.as_mut().or(behind);
        server.expect("the row has a server")
    }

    /// The server, where the row has one.
    pub(crate) fn server(&self) -> Option<&Cluster> {
        let behind = self.standin.as_ref().map(Standin::cluster);
        self.cluster.as_ref().or(behind)
    }

    /// Changes the network between program and server.
    pub(crate) fn set(&self, mode: Mode) {
        self.proxy.as_ref().expect("the row has a proxy").set(mode);
    }

    /// Sends the dashboard a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        process::signal(self.pid.expect("the dashboard runs"), signal);
    }

    /// The command line of the program, with its arguments.
    pub(crate) fn command_line(&self, arguments: &[&str]) -> Vec<String> {
        let mut words = self.wrapper.clone();
        words.push(PROGRAM.to_owned());
        words.extend(arguments.iter().map(|&argument| argument.to_owned()));
        words
    }

    /// The program's environment.
    pub(crate) fn environment(&self, bed: &Bed) -> Vec<(String, String)> {
        let mut variables = vec![
            ("USER", "somebody".to_owned()),
            ("HOME", "/nonexistent".to_owned()),
            ("TZ", "UTC".to_owned()),
        ];
        if self.is_project {
            variables.push(("SUPABASE_URL", self.url.clone()));
        } else {
            variables.push(("DATABASE_URL", self.url.clone()));
            variables.push(("DBVITALS_REQUIRE_SCHEMA", "false".to_owned()));
        }
        variables.extend(bed.rhythm.variables());
        let own = self.variables.iter().cloned();
        let usual = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        usual.chain(own).collect()
    }

    /// `health_check_timeout`, as the environment says it.
    pub(crate) fn timeout(&self, bed: &Bed) -> Duration {
        let given = self.environment(bed);
        let mut named = given.iter().rev();
        let last = named.find(|(name, _)| name == "DBVITALS_HEALTH_CHECK_TIMEOUT");
        last.map_or(bed.rhythm.timeout(), |(_, ms)| {
            Duration::from_millis(ms.parse().expect("a number of ms"))
        })
    }

    /// The dashboard, not started yet.
    pub(crate) fn launch(&self, bed: &Bed) -> Launch {
        let mut words = self.command_line(&[]).into_iter();
        let program = words.next().expect("a command has a name");
        let mut launch = Launch::new(program)
            .folder(std::env::temp_dir())
            .size(bed.size.0, bed.size.1);
        for word in words {
            launch = launch.arg(word);
        }
        for (name, value) in self.environment(bed) {
            launch = launch.env(name, value);
        }
        launch
    }
}

/// German messages. PostgreSQL's translations come with it; the locale that
/// asks for them is made here, once, for this process.
const GERMAN: Language = Language {
    name: "de_DE.UTF-8",
    folder: german,
};

fn german() -> PathBuf {
    static MADE: Mutex<Option<TempDir>> = Mutex::new(None);
    let mut made = MADE.lock().expect("making a locale panicked before");
    let folder = made.get_or_insert_with(|| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let output = std::process::Command::new("localedef")
            .args(["-i", "de_DE", "-f", "UTF-8", "--no-archive"])
            .arg(folder.path().join("de_DE.UTF-8"))
            .output()
            .expect("`localedef` runs (Debian: package libc-bin, with package locales)");
        assert!(
            output.status.success(),
            "localedef failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), all)
            .expect("the mode of our own folder can be set");
        folder
    });
    folder.path().to_owned()
}
