//! What the superuser does in a cluster: statements and settings. It must not
//! know how the server is started or broken.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use super::{Cluster, ROLE, SUPERUSER, certificates};

impl Cluster {
    /// Runs statements as the superuser in the test's database; gives the
    /// rows as lines, their columns divided by `|`.
    #[track_caller]
    pub(crate) fn sql(&self, statements: &str) -> String {
        self.run(&self.database, statements)
    }

    /// The same, in the database that the server itself keeps.
    #[track_caller]
    fn administer(&self, statements: &str) -> String {
        self.run("postgres", statements)
    }

    #[track_caller]
    fn run(&self, database: &str, statements: &str) -> String {
        match self.try_sql(database, statements) {
            Ok(rows) => rows,
            Err(words) => panic!("`{statements}` failed: {words}"),
        }
    }

    /// Runs statements and gives what `psql` said when they fail.
    pub(crate) fn try_sql(&self, database: &str, statements: &str) -> Result<String, String> {
        let mut psql = Command::new(self.parts.programs.path("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-v", "VERBOSITY=verbose", "-f", "-"])
            .args(["-U", SUPERUSER, "-d", database, "-h"])
            .arg(self.socket_folder())
            .args(["-p", &self.port().to_string()])
            .env_clear()
            .env("LC_ALL", "C")
            .env("PGCLIENTENCODING", "UTF8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("`psql` runs");
        let mut input = psql.stdin.take().expect("stdin is a pipe");
        // A psql that found no server reads nothing: its own words say so below.
        let written = input.write_all(statements.as_bytes());
        drop(input);
        let output = psql.wait_with_output().expect("`psql` ends");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        written.expect("a psql that succeeded has read everything");
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }

    /// What `pg_dump` makes of the database's schema, these tables left out.
    pub(crate) fn schema_dump(&self, without: &[&str]) -> String {
        let output = Command::new(self.parts.programs.path("pg_dump"))
            .args(["--schema-only", "-U", SUPERUSER, "-d", &self.database, "-h"])
            .arg(self.socket_folder())
            .args(["-p", &self.port().to_string()])
            .args(
                without
                    .iter()
                    .map(|table| format!("--exclude-table={table}")),
            )
            .env_clear()
            .env("LC_ALL", "C")
            .output()
            .expect("`pg_dump` runs");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "pg_dump failed: {words}");
        let dump = String::from_utf8(output.stdout).expect("a dump is text");
        // Newer ones begin and end with a key that is another each time.
        let lines = dump.lines().filter(|line| !line.contains("restrict "));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Logs in with `psql` as the ordinary role, the words of this connection
    /// string added; tells whether the connection is encrypted (`t` or `f`),
    /// or what `psql` said.
    pub(crate) fn psql_as_role(&self, words: &str) -> Result<String, String> {
        let (port, database) = (self.port(), &self.database);
        let output = Command::new(self.parts.programs.path("psql"))
            .args(["-X", "-q", "-A", "-t", "-c"])
            .arg("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            .arg(format!("user={ROLE} dbname={database} port={port} {words}"))
            .env_clear()
            .env("LC_ALL", "C")
            .env("PGPASSWORD", self.password())
            .output()
            .expect("`psql` runs");
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// Makes a tablespace in an empty folder, which becomes the server's.
    pub(crate) fn make_tablespace(&self, name: &str, folder: &std::path::Path) {
        self.parts.account.own(folder);
        let folder = folder.display();
        self.administer(&format!("CREATE TABLESPACE {name} LOCATION '{folder}'"));
    }

    /// Changes a server setting without a restart.
    pub(crate) fn set(&self, name: &str, value: &str) {
        let value = value.replace('\'', "''");
        self.administer(&format!("ALTER SYSTEM SET {name} = '{value}'"));
        self.reload();
    }

    /// Lets a server that has no TLS offer it from now on.
    pub(crate) fn switch_tls_on(&self, host: &str) {
        let data = self.data();
        certificates::write(&data, host, certificates::Validity::Now);
        for name in ["server.crt", "server.key"] {
            self.parts.account.own(&data.join(name));
        }
        self.set("ssl", "on");
    }

    /// Puts a line before all others of `pg_hba.conf`; new logins heed it.
    pub(crate) fn put_first_in_hba(&self, line: &str) {
        let path = self.data().join("pg_hba.conf");
        let rest = fs::read_to_string(&path).expect("pg_hba.conf can be read");
        fs::write(&path, format!("{line}\n{rest}")).expect("pg_hba.conf can be written");
        self.reload();
    }

    /// Tells the server to read its files again, and waits until it has.
    fn reload(&self) {
        let before = self.administer("SELECT pg_conf_load_time()");
        self.administer("SELECT pg_reload_conf()");
        let done = crate::support::process::wait_until(std::time::Duration::from_secs(20), || {
            self.administer("SELECT pg_conf_load_time()") != before
        });
        assert!(done, "the server did not read its files again");
    }

    /// Gives the role another password; [`Cluster::url`] has it from now on.
    pub(crate) fn set_password(&mut self, password: &str) {
        let quoted = password.replace('\'', "''");
        self.administer(&format!("ALTER ROLE {ROLE} PASSWORD '{quoted}'"));
        password.clone_into(&mut self.password);
    }

    /// Ends the sessions of an application with 57P01; gives their number.
    pub(crate) fn terminate_backends(&self, application_name: &str) -> usize {
        let name = application_name.replace('\'', "''");
        let rows = self.administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{name}'"
        ));
        rows.lines().filter(|row| *row == "t").count()
    }

    /// How many sessions clients hold now, this question's own left out.
    pub(crate) fn sessions(&self) -> usize {
        let count = self.administer(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        );
        count.parse().expect("a count")
    }

    /// Ends the database's sessions and renames it; the cluster's own URLs follow.
    pub(crate) fn rename_database(&mut self, name: &str) {
        let old = &self.database;
        self.administer(&format!(
            "ALTER DATABASE {old} ALLOW_CONNECTIONS false;
             SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{old}';
             ALTER DATABASE {old} RENAME TO {name};
             ALTER DATABASE {name} ALLOW_CONNECTIONS true;"
        ));
        name.clone_into(&mut self.database);
    }

    /// An authority, as a PEM file, that has nothing to do with this server.
    pub(crate) fn stranger_ca_path(&self) -> std::path::PathBuf {
        let path = self.parts.folder.path().join("stranger.pem");
        certificates::write_stranger(&path);
        path
    }
}
