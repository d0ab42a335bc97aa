//! Where a project's writes go when `database_url` stands beside its address: to
//! that database alone, under its own name, whatever is watched.

use std::{
    process::{Command, Output},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    cluster::Cluster,
    standin::{Key, Standin},
    terminal::{Launch, Terminal},
};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// All tables, whoever made them.
const TABLES: &str = "select count(*) from pg_tables where schemaname = 'public'";

/// A project, and a database that is not its own.
struct Two {
    project: Standin,
    other: Cluster,
    home: TempDir,
}

impl Two {
    /// Neither has a table.
    fn start() -> Self {
        Self {
            project: Standin::builder().without_migrations().start(),
            other: Cluster::start(),
            home: TempDir::new().unwrap(),
        }
    }

    /// The address that is watched, as it is named.
    fn watched(&self) -> String {
        let url = self.project.url();
        url.split_once("://").unwrap().1.to_owned()
    }

    /// The database that is written, as it is named.
    fn written(&self) -> String {
        format!("{}:{}/app", self.other.host(), self.other.port())
    }

    /// What the program is given, beside its arguments.
    fn variables(&self, environment: &str) -> [(&'static str, String); 6] {
        let key = self.project.key(Key::Secret);
        [
            ("HOME", self.home.path().display().to_string()),
            ("USER", "tester".to_owned()),
            ("SUPABASE_URL", self.project.url()),
            ("SUPABASE_ANON_KEY", key.to_owned()),
            ("DATABASE_URL", self.other.url()),
            ("DBVITALS_ENVIRONMENT", environment.to_owned()),
        ]
    }

    fn program(&self, environment: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
        command
            .env_clear()
            .envs(self.variables(environment))
            .current_dir(self.home.path())
            .args(words);
        command
    }

    /// Runs in production; what was printed.
    #[track_caller]
    fn in_production(&self, words: &[&str], exit: i32) -> String {
        run(&mut self.program("production", words), exit)
    }

    fn dashboard(&self, environment: &str) -> Terminal {
        let mut launch = Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
            .folder(self.home.path())
            .size(120, 40);
        for (name, value) in self.variables(environment) {
            launch = launch.env(name, value);
        }
        launch.spawn()
    }

    /// So many tables are in the other database, and none in the project's.
    #[track_caller]
    fn check_tables(&self, expected: &str) {
        assert_eq!(self.project.cluster().sql(TABLES), "0");
        assert_eq!(self.other.sql(TABLES), expected);
    }
}

#[track_caller]
fn run(command: &mut Command, exit: i32) -> String {
    let output: Output = command.output().expect("the program runs");
    let streams = [&output.stdout, &output.stderr];
    let printed = streams.map(|bytes| String::from_utf8_lossy(bytes)).concat();
    assert_eq!(output.status.code(), Some(exit), "{printed}");
    printed
}

#[track_caller]
fn see(terminal: &Terminal, words: &str) {
    if let Err(screen) = terminal.wait_for(words, LIMIT) {
        panic!("'{words}' never came; the screen is:\n{screen}");
    }
}

#[test]
fn a_statement_writes_where_its_target_says() {
    let two = Two::start();
    let (watched, written) = (two.watched(), two.written());
    let sql = "create table told (id int)";
    let said = two.in_production(&["sql", sql], 3);
    assert!(said.contains(&format!("--target {written} ")), "{said}");
    assert!(!said.contains(&watched), "{said}");
    let said = two.in_production(&["sql", "--target", &watched, sql], 3);
    let words = format!("what writes goes to the database of database_url, {written}");
    assert!(said.contains(&words), "{said}");
    two.check_tables("0");
    let told = two.in_production(&["sql", "--json", "--target", &written, sql], 0);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (told["target"].as_str(), &told["mode"]),
        (Some(&*written), &"supabase".into())
    );
    two.check_tables("1");
}

#[test]
fn migrations_are_applied_where_their_target_says() {
    let two = Two::start();
    let (watched, written) = (two.watched(), two.written());
    for task in ["up", "adopt"] {
        let said = two.in_production(&["migrate", task], 3);
        assert!(said.contains(&format!("--target {written} ")), "{said}");
        let said = two.in_production(&["migrate", task, "--target", &watched], 3);
        assert!(said.contains(&format!("database_url, {written}")), "{said}");
    }
    two.check_tables("0");
    let told = two.in_production(&["migrate", "status", "--json"], 0);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["target"], written.as_str());
    let said = two.in_production(&["migrate", "up", "--target", &written], 0);
    assert!(
        said.starts_with(&format!("supabase {written} as ")),
        "{said}"
    );
    two.check_tables("10");
}

#[test]
fn what_is_watched_and_what_is_written_are_both_told() {
    let two = Two::start();
    let (watched, written) = (two.watched(), two.written());
    let told = run(&mut two.program("test", &["check", "--json"]), 0);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["target"], watched.as_str());
    assert_eq!(told["directTarget"], written.as_str());
    for words in [["check"].as_slice(), &["config", "show"]] {
        let said = run(&mut two.program("test", words), 0);
        let words = format!("SQL and migrations: {written} as ");
        assert!(said.contains(&watched) && said.contains(&words), "{said}");
    }
}

#[test]
fn a_profile_that_names_a_project_writes_into_no_database_of_the_environment() {
    let two = Two::start();
    let (url, key) = (two.project.url(), two.project.key(Key::Secret));
    let file = format!("[profiles.staging]\nsupabase_url = \"{url}\"\nsupabase_key = \"{key}\"\n");
    std::fs::write(two.home.path().join("config.toml"), file).unwrap();
    let program = |words: &[&str]| {
        let mut program = two.program("test", &["--profile", "staging"]);
        program.env_remove("SUPABASE_URL").args(words);
        program
    };
    for words in [
        ["sql", "create table oops (id int)"],
        ["migrate", "up"],
        ["migrate", "adopt"],
    ] {
        let said = run(&mut program(&words), 1);
        let words = "not supported in supabase mode without database_url";
        assert!(said.contains(words), "{said}");
    }
    two.check_tables("0");
}

#[test]
fn the_dashboard_asks_for_the_name_of_the_database_that_it_writes() {
    let two = Two::start();
    let (watched, written) = (two.watched(), two.written());
    let mut terminal = two.dashboard("production");
    see(&terminal, "● connected");
    see(&terminal, &format!("SQL and migrations: {written}"));
    terminal.send("M");
    see(&terminal, &format!("supabase {written}, "));
    see(&terminal, "files are pending");
    terminal.send("u");
    see(&terminal, &format!("PRODUCTION: type {written} "));
    terminal.send(&format!("{watched}\r"));
    see(&terminal, "that is not the target's name");
    two.check_tables("0");
    terminal.send(&"\x7f".repeat(watched.len()));
    see(&terminal, "> _");
    terminal.send(&format!("{written}\r"));
    see(&terminal, "files are applied");
    two.check_tables("10");
}

#[test]
fn the_question_of_a_key_names_the_database_that_it_writes() {
    let two = Two::start();
    let written = two.written();
    let mut terminal = two.dashboard("test");
    see(&terminal, "● connected");
    terminal.send("M");
    see(&terminal, "files are pending");
    terminal.send("u");
    see(&terminal, &format!("Target: {written}. y does it"));
    two.check_tables("0");
    terminal.send("y");
    see(&terminal, "files are applied");
    two.check_tables("10");
}
