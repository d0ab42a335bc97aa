//! `dbvitals check` as a user runs it: the real program against real servers
//! in every state, judged by exit code, words and time.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a program that does not behave must fail the test"
)]

mod support;

use std::{
    fs::File,
    io::pipe,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    cluster::Cluster,
    sockets::{self, Manner},
};

/// The deadline that the checks here are given.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How long a check may take at most: 1.2 times its deadline.
const LONGEST: Duration = Duration::from_millis(2_400);

/// A finished run.
struct Run {
    output: Output,
    took: Duration,
}

/// Runs the program with these arguments and variables, and no others of ours.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut command = command(env!("CARGO_BIN_EXE_dbvitals"), folder.path());
    command.args(arguments).envs(variables.iter().copied());
    let start = Instant::now();
    let output = command.output().expect("the program can be started");
    Run {
        output,
        took: start.elapsed(),
    }
}

/// A program in this folder that gets no variables of ours.
fn command(program: &str, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("USER", "somebody")
        .env("HOME", folder)
        .env(
            "DBVITALS_HEALTH_CHECK_TIMEOUT",
            TIMEOUT.as_millis().to_string(),
        )
        .current_dir(folder);
    command
}

impl Run {
    fn code(&self) -> i32 {
        self.output
            .status
            .code()
            .expect("the program exits by itself")
    }

    /// Everything that was printed.
    fn printed(&self) -> String {
        let out = String::from_utf8_lossy(&self.output.stdout);
        format!("{out}{}", String::from_utf8_lossy(&self.output.stderr))
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout)
            .unwrap_or_else(|error| panic!("{error} in: {}", self.printed()))
    }
}

/// What a failed check must say.
struct Failure<'a> {
    kind: &'a str,
    code: Option<&'a str>,
    message: &'a str,
    exit: i32,
}

/// One failing check, as JSON and as text.
#[track_caller]
fn check_fails(url: &str, secret: &str, failure: &Failure<'_>) {
    for arguments in [&["check", "--json"][..], &["check"][..]] {
        let run = run(arguments, &[("DATABASE_URL", url)]);
        let printed = run.printed();
        assert_eq!(run.code(), failure.exit, "{printed}");
        assert!(run.took <= LONGEST, "{:?}: {printed}", run.took);
        assert!(!printed.contains(secret), "the password was printed");
        assert!(printed.contains(failure.message), "{printed}");
        if arguments.len() == 2 {
            let json = run.json();
            let error = &json["error"];
            assert_eq!(error["kind"], failure.kind, "{printed}");
            assert_eq!(error["code"].as_str(), failure.code, "{printed}");
            assert_eq!(error["message"], failure.message);
            assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
            assert_eq!(
                (&json["success"], &json["health"]),
                (&false.into(), &"unhealthy".into())
            );
            assert_eq!(json["status"], "error");
        }
    }
}

#[test]
fn a_healthy_server_without_our_tables_is_degraded_for_the_schema_alone() {
    let cluster = Cluster::start();
    let received = || cluster.log().matches("connection received").count();
    let before = received();
    let run = run(&["check", "--json"], &[("DATABASE_URL", &cluster.url())]);
    assert_eq!(run.code(), 0, "{}", run.printed());
    assert_eq!(
        received() - before,
        1,
        "one connection serves the whole check"
    );

    let json = run.json();
    let keys: Vec<_> = json
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "connectionId",
            "details",
            "health",
            "latency",
            "mode",
            "status",
            "success",
            "target",
            "timestamp"
        ]
    );
    assert_eq!(json["mode"], "local");
    assert_eq!(
        (&json["status"], &json["health"]),
        (&"connected".into(), &"degraded".into())
    );
    assert_eq!(json["success"], true);
    let details = &json["details"];
    assert_eq!(
        details["reasons"],
        serde_json::json!(["schema: not initialised 0/9"])
    );
    for phase in ["dns", "tcp", "tls", "login", "query"] {
        assert!(
            details["phases"][phase]
                .as_f64()
                .is_some_and(|ms| ms >= 0.0),
            "{phase}: {json}"
        );
    }
    assert!(details["phases"]["login"].as_f64().unwrap() > 0.0);
    assert!(details["phases"]["query"].as_f64().unwrap() > 0.0);
    assert!(
        details["serverVersion"]
            .as_str()
            .unwrap()
            .starts_with(char::is_numeric)
    );
    assert!(details["activeConnections"].as_u64().unwrap() >= 1);
    assert!(details["maxConnections"].as_u64().unwrap() >= 5);
    assert!(!run.printed().contains(cluster.password()));
}

#[test]
fn strict_makes_degraded_fail_and_require_schema_decides_what_degraded_is() {
    let cluster = Cluster::start();
    let url = cluster.url();
    assert_eq!(
        run(&["check", "--strict"], &[("DATABASE_URL", &url)]).code(),
        1
    );
    let lenient = [
        ("DATABASE_URL", url.as_str()),
        ("DBVITALS_REQUIRE_SCHEMA", "false"),
    ];
    let run = run(&["check", "--strict", "--json"], &lenient);
    assert_eq!((run.code(), &run.json()["health"]), (0, &"healthy".into()));
}

#[test]
fn a_closed_port_is_no_answer() {
    let port = sockets::closed_port();
    let url = format!("postgres://me:s3cret-word@127.0.0.1:{}/app", port.number());
    check_fails(
        &url,
        "s3cret-word",
        &Failure {
            kind: "ConnectionRefused",
            code: None,
            message: "Cannot connect to database. Please check if PostgreSQL is running.",
            exit: 2,
        },
    );
}

#[test]
fn an_unknown_host_is_no_answer() {
    check_fails(
        "postgres://me:s3cret-word@no-such-host.invalid/app",
        "s3cret-word",
        &Failure {
            kind: "HostNotFound",
            code: None,
            message: "Database host not found. Please check your connection settings.",
            exit: 2,
        },
    );
}

#[test]
fn a_wrong_password_is_a_refusal() {
    let cluster = Cluster::start();
    check_fails(
        &cluster.url_with_password("s3cret-word"),
        "s3cret-word",
        &Failure {
            kind: "AuthFailed",
            code: Some("28P01"),
            message: "Database authentication failed. Please check your credentials.",
            exit: 1,
        },
    );
}

#[test]
fn a_missing_database_is_a_refusal() {
    let mut cluster = Cluster::start();
    let url = cluster.url();
    cluster.rename_database("elsewhere");
    check_fails(
        &url,
        cluster.password(),
        &Failure {
            kind: "DatabaseMissing",
            code: Some("3D000"),
            message: "Database does not exist. Please check the database name.",
            exit: 1,
        },
    );
}

#[test]
fn a_frozen_server_is_a_timeout() {
    let mut cluster = Cluster::start();
    cluster.freeze();
    check_fails(
        &cluster.url(),
        cluster.password(),
        &Failure {
            kind: "Timeout",
            code: None,
            message: "Database operation timed out after 2000ms",
            exit: 2,
        },
    );
}

#[test]
fn a_server_without_free_slots_is_a_refusal() {
    let cluster = Cluster::builder().max_connections(8).start();
    let _held = cluster.fill_slots();
    check_fails(
        &cluster.url(),
        cluster.password(),
        &Failure {
            kind: "TooManyConnections",
            code: Some("53300"),
            message: "Database has no free connection slots. \
                      Please close connections or raise the limit.",
            exit: 1,
        },
    );
}

#[test]
fn a_server_that_is_not_ready_is_a_refusal() {
    let mut cluster = Cluster::start();
    cluster.start_in_recovery();
    check_fails(
        &cluster.url(),
        cluster.password(),
        &Failure {
            kind: "ServerNotReady",
            code: Some("57P03"),
            message: "Database server is starting up, shutting down or recovering. Please wait.",
            exit: 1,
        },
    );
}

#[test]
fn something_else_at_the_port_is_named_as_such() {
    let garbage = sockets::Listener::start(Manner::Garbage);
    check_fails(
        &format!("postgres://me:s3cret-word@127.0.0.1:{}/app", garbage.port()),
        "s3cret-word",
        &Failure {
            kind: "ProtocolViolation",
            code: None,
            message: "What answers there is not the expected database. \
                      Please check host and port.",
            exit: 1,
        },
    );
}

#[test]
fn broken_settings_are_all_named_and_nothing_is_attempted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    std::fs::write(&file, "mode = \"mock\"\npool_size = 0\n").unwrap();
    let file = file.to_str().unwrap();
    let run = run(
        &["check", "--config", file, "--set", "retry_delay=5"],
        &[("DB_MAX_RETRIES", "eleven")],
    );
    let printed = run.printed();
    assert_eq!(run.code(), 3, "{printed}");
    for words in [
        "pool_size = 0",
        "settings.toml:2",
        "between 1 and 100",
        "retry_delay = 5",
        "--set",
        "between 100 and 10000",
        "max_retries = eleven",
        "DB_MAX_RETRIES",
        "between 0 and 10",
    ] {
        assert!(
            printed.contains(words),
            "'{words}' is missing in: {printed}"
        );
    }
}

#[test]
fn a_check_of_nothing_does_not_pass() {
    let run_of_nothing = run(&["check"], &[]);
    assert_eq!(run_of_nothing.code(), 3, "{}", run_of_nothing.printed());
    assert!(
        run_of_nothing.printed().contains("DATABASE_URL"),
        "{}",
        run_of_nothing.printed()
    );
    let mock = run(&["check", "--mode", "mock", "--json"], &[]);
    assert_eq!(
        (mock.code(), &mock.json()["health"]),
        (0, &"healthy".into())
    );
}

#[test]
fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let url = "postgres://me:s3cret-word@127.0.0.1/app";
    let by_parameter = "postgres://me@127.0.0.1/app?password=s3cret-word";
    let by_set = format!("database_url={url}");
    for arguments in [
        &["check", url][..],
        &["check", by_parameter],
        &["check", "--set", &by_set],
        &[url],
    ] {
        let run = run(arguments, &[]);
        assert_eq!(run.code(), 3, "{}", run.printed());
        assert!(
            !run.printed().contains("s3cret-word"),
            "the password was printed"
        );
    }
}

#[test]
fn wrong_usage_exits_with_3_and_help_with_0() {
    assert_eq!(run(&["--no-such-flag"], &[]).code(), 3);
    assert_eq!(run(&["check", "--json", "one", "two"], &[]).code(), 3);
    assert_eq!(run(&["--help"], &[]).code(), 0);
    assert_eq!(run(&["--version"], &[]).code(), 0);
}

#[test]
fn the_dashboard_without_a_terminal_says_so() {
    let run = run(&["--mode", "mock"], &[]);
    assert_eq!(run.code(), 3);
    assert!(
        run.printed().contains("needs a terminal"),
        "{}",
        run.printed()
    );
}

#[test]
fn a_broken_configuration_is_told_as_json_where_json_is_asked_for() {
    let run = run(&["check", "--json", "--set", "pool_size=0"], &[]);
    let json = run.json();
    assert_eq!(run.code(), 3);
    assert_eq!(json["error"]["kind"], "InvalidConfiguration");
    let complaints = json["error"]["complaints"].to_string();
    assert!(complaints.contains("pool_size"), "{complaints}");
}

#[test]
fn a_mistyped_command_is_named() {
    let run = run(&["chekc"], &[]);
    assert_eq!(run.code(), 3);
    assert!(
        run.printed().contains("neither a command nor"),
        "{}",
        run.printed()
    );
}

#[test]
fn profiles_that_nobody_chose_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.toml");
    std::fs::write(&file, "[profiles.one]\n[profiles.two]\n").unwrap();
    let run = run(&["check", "--config", file.to_str().unwrap()], &[]);
    assert_eq!(run.code(), 3);
    assert!(
        run.printed().contains("--profile (one, two)"),
        "{}",
        run.printed()
    );
}

#[test]
fn a_database_that_is_closed_says_so() {
    let cluster = Cluster::start();
    cluster
        .try_sql("postgres", "alter database app allow_connections false")
        .unwrap();
    check_fails(
        &cluster.url(),
        cluster.password(),
        &Failure {
            kind: "DatabaseClosed",
            code: Some("55000"),
            message: "Database takes no connections. Please check ALLOW_CONNECTIONS.",
            exit: 1,
        },
    );
}

/// Where what is printed goes.
#[derive(Debug, Clone, Copy)]
enum Sink {
    /// A pipe that nobody reads any more.
    Gone,
    /// A full disk.
    Full,
    /// Nowhere: it is closed from the start.
    Closed,
}

/// The exit code, and what was said on standard error.
fn printing_to(sink: Sink, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_dbvitals");
    let mut command = match sink {
        Sink::Gone | Sink::Full => command(program, folder.path()),
        Sink::Closed => {
            let mut shell = command("/bin/sh", folder.path());
            shell.args(["-c", "exec \"$0\" \"$@\" >&-", program]);
            shell
        }
    };
    match sink {
        Sink::Gone => {
            let (_gone, writer) = pipe().unwrap();
            command.stdout(writer);
        }
        Sink::Full => {
            command.stdout(File::options().write(true).open("/dev/full").unwrap());
        }
        Sink::Closed => {}
    }
    let output = command
        .args(arguments)
        .envs(variables.iter().copied())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap(), said)
}

#[test]
fn the_exit_code_is_the_checks_own_wherever_it_is_printed() {
    let port = sockets::closed_port();
    let dead = format!("postgres://me@127.0.0.1:{}/app", port.number());
    let garbage = sockets::Listener::start(Manner::Garbage);
    let refusing = format!("postgres://me@127.0.0.1:{}/app", garbage.port());
    let cases = [
        (&["check", "--mode", "mock"][..], 0),
        (&["check", &refusing], 1),
        (&["check", &dead], 2),
        (&["check", "--set", "pool_size=0"], 3),
        (&["config", "check", "--mode", "mock"], 0),
        (&["config", "check", "--set", "pool_size=0"], 3),
    ];
    for (arguments, expected) in cases {
        for format in [&[][..], &["--json"]] {
            let arguments = [arguments, format].concat();
            for sink in [Sink::Gone, Sink::Full, Sink::Closed] {
                let (code, said) = printing_to(sink, &arguments, &[]);
                assert_eq!(code, expected, "{sink:?} {arguments:?}: {said}");
                assert!(!said.contains("panicked"), "{said}");
            }
            let (_, said) = printing_to(Sink::Full, &arguments, &[]);
            // Without JSON a check of a broken configuration prints nothing there.
            let prints = expected != 3 || arguments[0] == "config" || !format.is_empty();
            assert_eq!(said.contains("cannot be printed: "), prints, "{said}");
        }
    }
    let (code, said) = printing_to(Sink::Full, &["config", "show", "--mode", "mock"], &[]);
    assert_eq!(code, 1, "{said}");
    for sink in [Sink::Gone, Sink::Closed] {
        for arguments in [&["--help"][..], &["config", "show", "--mode", "mock"]] {
            assert_eq!(printing_to(sink, arguments, &[]).0, 0, "{sink:?}");
        }
    }
}

#[test]
fn a_working_directory_that_was_deleted_is_not_needed() {
    let folder = tempfile::tempdir().unwrap();
    let deleted = folder.path().join("deleted");
    let run = |arguments: &str| {
        std::fs::create_dir(&deleted).unwrap();
        let line = format!(
            "cd '{0}' && rmdir '{0}' && exec \"$0\" {arguments}",
            deleted.display()
        );
        let mut shell = command("/bin/sh", folder.path());
        shell.args(["-c", &line, env!("CARGO_BIN_EXE_dbvitals")]);
        let output = shell.output().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(run("check --mode mock"), (Some(0), String::new()));
    let (code, said) = run("check --mode mock --config here.toml");
    assert_eq!(code, Some(3));
    assert!(
        said.contains("here.toml") && said.contains("cannot be read"),
        "{said}"
    );
}

#[test]
fn what_is_typed_in_the_wrong_place_is_not_repeated() {
    let url = "postgres://u:SEKRIT99@h/d";
    let with = |flag: &str| format!("{flag}={url}");
    for arguments in [
        &["chek", url][..],
        &["check", url, url],
        &["config", url],
        &["config", "show", url, url],
        &["--mode", url, "check"],
        &["check", "--json", "--mode", url],
        &["check", "--profile", url],
        &["check", "--config", url],
        &["check", "--config", &format!("{url}.toml")],
        &["check", "--json", "--set", &format!("{url}?x=1")],
        &["check", &with("--no-such-flag")],
        &["check", &with("--json")],
        &["check", &with("--")],
        &["config", "show", "--mode", url],
        &["config", "check", "--json", "--profile", url],
    ] {
        let run = run(arguments, &[]);
        assert_eq!(run.code(), 3, "{arguments:?}: {}", run.printed());
        assert!(!run.printed().contains("SEKRIT99"), "{}", run.printed());
    }
    for name in [
        "PGHOST",
        "PGDATABASE",
        "PGUSER",
        "DBVITALS_MODE",
        "DBVITALS_PROFILE",
    ] {
        let variables = [("PGPORT", "1"), ("PGHOST", "localhost"), (name, url)];
        let run = run(&["check", "--json"], &variables);
        assert_eq!(run.code(), 3, "{name}: {}", run.printed());
        assert!(!run.printed().contains("SEKRIT99"), "{}", run.printed());
    }
}

#[test]
fn without_variables_the_system_says_who_runs_it() {
    let folder = tempfile::tempdir().unwrap();
    let id = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(id.stdout).unwrap();
    let mut program = command(env!("CARGO_BIN_EXE_dbvitals"), folder.path());
    program
        .env_remove("USER")
        .args(["config", "check", "--json", "postgres://h/d"]);
    let output = program.output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["target"]["role"], user.trim(), "{json}");
}

#[test]
fn what_could_be_read_of_a_broken_configuration_is_shown() {
    let arguments = ["config", "show", "--set", "pool_size=0", "--mode", "mock"];
    let with = [
        ("DB_POOL_SIZE", "7"),
        ("DATABASE_URL", "postgres://u:Zq9@h/d"),
    ];
    let table = run(&arguments, &with);
    assert_eq!(table.code(), 3, "{}", table.printed());
    let out = String::from_utf8_lossy(&table.output.stdout).into_owned();
    let row = |key: &str| {
        let line = out.lines().find(|line| line.starts_with(key));
        line.unwrap_or_else(|| panic!("{out}")).to_owned()
    };
    assert!(
        row("pool_size").contains(" 7 connections") && row("pool_size").contains("DB_POOL_SIZE")
    );
    assert!(row("mode").contains("mock"));
    let said = String::from_utf8_lossy(&table.output.stderr).into_owned();
    assert!(
        said.contains("pool_size = 0 (flag --set pool_size)"),
        "{said}"
    );
    assert!(!table.printed().contains("Zq9"));

    let json = run(&[&arguments[..], &["--json"]].concat(), &with).json();
    assert_eq!(json["valid"], false);
    assert_eq!(json["complaints"][0]["key"], "pool_size");
    let settings = json["settings"].as_array().unwrap();
    assert!(
        settings
            .iter()
            .any(|row| row["key"] == "pool_size" && row["value"] == "7")
    );
}
