//! What a new cluster shall be like. It must not know what happens to the
//! cluster later.

use std::{
    fmt::Write,
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    Cluster, SUPERUSER,
    account::Account,
    certificates::{self, Validity},
    instance::Parts,
    programs::Programs,
    template,
    watchdog::Watchdog,
};
use crate::support::port::ClaimedPort;

/// The folder for sockets must be shorter: a socket's whole path fits 103 bytes.
const LONGEST_FOLDER: usize = 80;

/// Linux's file system in memory.
const MEMORY: &str = "/dev/shm";

/// The free bytes that make it worth using: some forty clusters.
const ROOM: u64 = 2 << 30;

/// Asks for a cluster; made by [`Cluster::builder`].
#[derive(Debug)]
pub(crate) struct Builder {
    settings: Vec<(String, String)>,
    variables: Vec<(String, String)>,
    tls: Option<(String, Validity)>,
    identity: Identity,
}

#[derive(Debug)]
enum Identity {
    Common,
    Own,
    /// The data of another cluster, which is followed.
    StandbyOf(Primary),
}

/// Where a standby's primary is.
#[derive(Debug)]
struct Primary {
    socket_folder: PathBuf,
    port: u16,
}

impl Builder {
    pub(super) fn new() -> Self {
        let settings = [
            ("listen_addresses", "127.0.0.1"),
            ("max_connections", "30"),
            ("shared_buffers", "16MB"),
            ("fsync", "off"),
            // Shared memory in the data folder goes with it, also after a kill.
            ("dynamic_shared_memory_type", "mmap"),
            ("full_page_writes", "off"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
            ("log_line_prefix", "%m [%p] %q%u@%d/%a "),
            ("log_connections", "on"),
            ("log_disconnections", "on"),
            ("log_min_error_statement", "fatal"),
            ("lc_messages", "C"),
        ];
        Self {
            settings: settings.map(|(k, v)| (k.into(), v.into())).into(),
            variables: Vec::new(),
            tls: None,
            identity: Identity::Common,
        }
    }

    /// Sets a server setting; the last one of a name counts.
    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many connections the server takes, the three that it keeps for
    /// superusers included.
    pub(crate) fn max_connections(self, count: u16) -> Self {
        self.setting("max_connections", &count.to_string())
    }

    /// Offers TLS with a certificate for this host name, by an authority of
    /// its own ([`Cluster::ca_path`]).
    pub(crate) fn tls(mut self, host: &str) -> Self {
        self.tls = Some((host.to_owned(), Validity::Now));
        self.setting("ssl", "on")
            .setting("ssl_cert_file", "server.crt")
            .setting("ssl_key_file", "server.key")
    }

    /// Offers TLS with a certificate whose time is over.
    pub(crate) fn tls_expired(self, host: &str) -> Self {
        let mut builder = self.tls(host);
        builder.tls = Some((host.to_owned(), Validity::Past));
        builder
    }

    /// Gives the server's processes a variable of the environment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Makes the cluster a hot standby of this one: a copy made by
    /// `pg_basebackup`, which follows it.
    pub(crate) fn standby_of(mut self, primary: &Cluster) -> Self {
        self.identity = Identity::StandbyOf(Primary {
            socket_folder: primary.socket_folder().to_owned(),
            port: primary.port(),
        });
        self
    }

    /// Gives the cluster a system identifier of its own. All others share one,
    /// as they are copies; this one takes a second more to make.
    pub(crate) fn own_identity(mut self) -> Self {
        self.identity = Identity::Own;
        self
    }

    /// Makes the cluster and waits until it accepts connections.
    pub(crate) fn start(self) -> Cluster {
        let programs = Programs::find();
        let account = Account::choose();
        let folder = short_folder(&account);
        // From here on the folder goes away with us, whatever happens.
        let watchdog = Watchdog::over(folder.path());
        let port = ClaimedPort::claim();
        let data = folder.path().join("data");
        match &self.identity {
            Identity::Common => template::copy_to(&data, &programs, &account),
            Identity::Own => template::make(&data, &programs, &account),
            Identity::StandbyOf(primary) => copy_of(primary, &data, &programs, &account),
        }
        self.configure(folder.path(), &port, &account);
        let mut cluster = Cluster::assemble(Parts {
            folder,
            programs,
            account,
            port,
            watchdog,
            tls_host: self.tls.map(|(host, _)| host),
            variables: self.variables,
        });
        match self.identity {
            Identity::Common | Identity::Own => cluster.start_again(),
            Identity::StandbyOf(_) => cluster.launch("ready"),
        }
        cluster
    }

    fn configure(&self, folder: &Path, port: &ClaimedPort, account: &Account) {
        let data = folder.join("data");
        let mut settings = format!("port = {}\n", port.number());
        let folder_text = folder.to_str().expect("a temporary folder's path is text");
        let socket = ("unix_socket_directories".to_owned(), folder_text.to_owned());
        for (name, value) in self.settings.iter().chain([&socket]) {
            writeln!(settings, "{name} = '{}'", value.replace('\'', "''"))
                .expect("a String takes any text");
        }
        write_owned(&data.join("postgresql.conf"), &settings, account);
        let logins = format!(
            "local all {SUPERUSER} peer map=own\n\
             local replication {SUPERUSER} peer map=own\n\
             local all all scram-sha-256\n\
             host all all 127.0.0.1/32 scram-sha-256\n"
        );
        write_owned(&data.join("pg_hba.conf"), &logins, account);
        // The server's own user, too: a standby logs in with it.
        let map = format!(
            "own {} {SUPERUSER}\nown {} {SUPERUSER}\n",
            account.own_name(),
            account.server_name()
        );
        write_owned(&data.join("pg_ident.conf"), &map, account);
        if let Some((host, validity)) = &self.tls {
            certificates::write(&data, host, *validity);
            account.own(&data.join("server.crt"));
            account.own(&data.join("server.key"));
            fs::rename(data.join("ca.pem"), folder.join("ca.pem")).expect("a file can be moved");
        }
        File::create(folder.join("log")).expect("the log can be made");
    }
}

/// Copies a running cluster's data, with what a standby needs to follow it.
fn copy_of(primary: &Primary, data: &Path, programs: &Programs, account: &Account) {
    let output = Command::new(programs.path("pg_basebackup"))
        .args(["-D".as_ref(), data.as_os_str()])
        .args(["-h".as_ref(), primary.socket_folder.as_os_str()])
        .args(["-p", &primary.port.to_string(), "-U", SUPERUSER])
        .args([
            "--checkpoint=fast",
            "--wal-method=stream",
            "--write-recovery-conf",
            "--no-sync",
        ])
        .output()
        .expect("`pg_basebackup` runs");
    assert!(
        output.status.success(),
        "pg_basebackup failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    account.own_all(data);
}

fn write_owned(path: &Path, text: &str, account: &Account) {
    fs::write(path, text).expect("a file of the cluster can be written");
    account.own(path);
}

fn short_folder(account: &Account) -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("dbv-")
        .tempdir_in(parent_folder(account))
        .expect("a temporary folder can be made");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755))
        .expect("the mode of our own folder can be set");
    account.own(folder.path());
    folder
}

/// The folder that was chosen for temporary files, when it is short enough;
/// else memory, which takes the thousand small files of a cluster ten times as
/// fast as a disk does; else `/tmp`.
fn parent_folder(account: &Account) -> PathBuf {
    if let Some(chosen) = account.chosen_folder()
        && chosen.as_os_str().len() <= LONGEST_FOLDER
    {
        return chosen;
    }
    let has_room = rustix::fs::statvfs(MEMORY)
        .is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) >= ROOM);
    PathBuf::from(if has_room { MEMORY } else { "/tmp" })
}
