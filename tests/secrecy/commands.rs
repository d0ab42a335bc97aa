//! The commands, in words and in JSON: what they print of a project that is
//! well, that refuses and that sends the key back.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    echoes::echoes,
    process::write_config,
    search::Hidden,
    support::standin::{Key, Standin, Token},
};

/// The program in an empty environment.
pub(crate) fn program(home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("USER", "tester")
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .current_dir(home.path());
    command
}

/// The same with a project and a key.
fn with_key(standin: &Standin, key: &str, home: &TempDir) -> Command {
    let mut command = program(home);
    command
        .env("SUPABASE_URL", standin.url())
        .env("SUPABASE_ANON_KEY", key);
    command
}

/// Runs it; whatever it printed on either stream shows nothing hidden.
#[track_caller]
fn run(command: &mut Command, words: &[&str], hidden: &Hidden) -> (Option<i32>, String) {
    let output = command.args(words).output().expect("the program runs");
    let streams = [&output.stdout, &output.stderr];
    let printed = streams.map(|bytes| String::from_utf8_lossy(bytes)).concat();
    hidden.check(&words.join(" "), &printed);
    (output.status.code(), printed)
}

/// Everything that prints without a terminal and ends by itself. There is no
/// command that makes a bundle: what goes into one is what these print.
const ALL: [&[&str]; 19] = [
    &["check"],
    &["check", "--json"],
    &["diagnose"],
    &["diagnose", "--json"],
    &["diagnose", "--json", "--write-test"],
    &["wait", "--timeout", "1"],
    &["config", "show"],
    &["config", "show", "--json"],
    &["config", "check"],
    &["config", "check", "--json"],
    &["sql", "select 1 as one"],
    &["sql", "--json", "select 1 as one"],
    &["sql", "select nonsense"],
    &["migrate", "status"],
    &["migrate", "status", "--json"],
    &["migrate", "plan"],
    &["migrate", "adopt"],
    &["migrate", "up"],
    &["migrate", "print"],
];

#[test]
fn no_command_prints_a_key_of_any_kind() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    for kind in Key::ALL {
        let key = standin.key(kind);
        let hidden = Hidden::of([key]);
        for words in ALL {
            run(&mut with_key(&standin, key, &home), words, &hidden);
        }
        let (exit, printed) = run(
            &mut with_key(&standin, key, &home),
            &["check", "--json"],
            &hidden,
        );
        assert_eq!(exit, Some(0), "{kind:?}: {printed}");
    }
}

#[test]
fn no_command_prints_the_password_beside_the_key() {
    let mut standin = Standin::start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Secret).to_owned();
    let url = standin.cluster().url();
    let hidden = Hidden::of([key.as_str(), standin.cluster().password()]);
    for words in ALL {
        let mut command = with_key(&standin, &key, &home);
        run(command.env("DATABASE_URL", &url), words, &hidden);
    }
    // The same where the password is refused.
    standin.cluster_mut().set_password("never-show-another");
    for words in ALL {
        let mut command = with_key(&standin, &key, &home);
        run(command.env("DATABASE_URL", &url), words, &hidden);
    }
}

#[test]
fn no_command_prints_a_key_that_is_sent_back() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let commands: [&[&str]; 3] = [&["check", "--json"], &["check"], &["diagnose", "--json"]];
    for kind in Key::ALL {
        let key = standin.key(kind);
        let hidden = Hidden::of([key]);
        for (name, echo) in echoes(key) {
            standin.fault(&echo);
            for words in commands {
                let mut command = with_key(&standin, key, &home);
                let (_, printed) = run(&mut command, words, &hidden);
                assert!(!printed.is_empty(), "{name}: {words:?} said nothing");
            }
            standin.clear_faults();
        }
    }
}

#[test]
fn no_command_prints_a_key_that_is_refused_or_misplaced() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let url = standin.url();
    for token in [Token::Expired, Token::Forged, Token::Authenticated] {
        let key = standin.token(token);
        for words in ALL {
            run(
                &mut with_key(&standin, key, &home),
                words,
                &Hidden::of([key]),
            );
        }
    }
    let key = standin.key(Key::Secret);
    let hidden = Hidden::of([key]);
    let in_url = format!("http://{key}@127.0.0.1:1");
    let in_query = format!("{url}?apikey={key}");
    let in_flag = format!("--supabase-key={key}");
    let in_database_url = format!("postgres://me:{key}@127.0.0.1:1/app");
    for place in [
        &in_url,
        &in_query,
        &in_flag,
        &in_database_url,
        &key.to_owned(),
    ] {
        for words in [
            &["check", place.as_str()][..],
            &[place],
            &["sql", "select 1", place],
        ] {
            let (exit, printed) = run(&mut program(&home), words, &hidden);
            assert_eq!(exit, Some(3), "{printed}");
        }
    }
    // Where the variables are mixed up, and where a key cannot be sent.
    for (address, key) in [
        (key, url.as_str()),
        (in_url.as_str(), key),
        (in_query.as_str(), key),
        (url.as_str(), &format!("{key} {key}")),
    ] {
        for words in [&["check"][..], &["config", "check"], &["config", "show"]] {
            let mut command = program(&home);
            command
                .env("SUPABASE_URL", address)
                .env("SUPABASE_ANON_KEY", key);
            run(&mut command, words, &hidden);
        }
    }
}

/// Keys of each form, in the places of other values.
const MISPLACED: [&str; 3] = [
    "sb_secret_Qw3rTyUi0pAsDfGhJkLzXcVbNm",
    "sb_publishable_Qw3rTyUi0pAsDfGhJkLzXc",
    "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.Qw3rTyUi0pAsDfGhJkLz",
];

#[test]
fn no_command_prints_a_key_in_the_place_of_another_value() {
    let home = TempDir::new().unwrap();
    for key in MISPLACED {
        let hidden = Hidden::of([key]);
        for name in [
            "SUPABASE_URL",
            "DATABASE_URL",
            "DB_MODE",
            "DB_POOL_SIZE",
            "DBVITALS_CONFIG",
            "DBVITALS_ENVIRONMENT",
            "DBVITALS_HEALTH_TABLE",
            "DBVITALS_LEDGER_SCHEMA",
            "DBVITALS_MOCK_SCENARIO",
            "DBVITALS_MOCK_SCRIPT",
            "DBVITALS_PROFILE",
            "DBVITALS_READ_ONLY",
            "DBVITALS_TUI_THEME",
            "PGHOST",
            "PGSERVICE",
        ] {
            for words in [&["check"][..], &["config", "check"], &["config", "show"]] {
                let mut command = program(&home);
                command.env("SUPABASE_ANON_KEY", MISPLACED[1]);
                let (exit, printed) = run(command.env(name, key), words, &hidden);
                assert_eq!(exit, Some(3), "{name}: {printed}");
            }
        }
        for address in [
            format!("https://x.supabase.co/{key}"),
            format!("https://{key}.supabase.co"),
        ] {
            let mut command = program(&home);
            command.env("SUPABASE_ANON_KEY", MISPLACED[1]);
            command.env("SUPABASE_URL", &address);
            let (exit, printed) = run(&mut command, &["check", "--json"], &hidden);
            assert_eq!(exit, Some(3), "{printed}");
        }
        let setting = format!("environment={key}");
        let unknown = format!("--{key}");
        for words in [
            &["check", "--mode", key][..],
            &["check", "--scenario", key],
            &["check", "--profile", key],
            &["check", "--config", key],
            &["check", "--set", key],
            &["check", "--set", &setting],
            &["check", &unknown],
            &["wait", "--timeout", key],
            &["migrate", key],
            &["migrate", "print", key],
            &["sql", "--format", key, "select 1"],
            &["sql", "--limit", key, "select 1"],
        ] {
            let (exit, printed) = run(&mut program(&home), words, &hidden);
            assert_eq!(exit, Some(3), "{words:?}: {printed}");
        }
    }
}

#[test]
fn no_command_prints_a_key_that_stands_anywhere_in_the_file() {
    for key in MISPLACED {
        let hidden = Hidden::of([key]);
        for text in [
            format!("{key} = 1"),
            format!("'{key}' = 1"),
            format!("supabase_url = '{key}'"),
            format!("supabase_url = 'https://x.supabase.co/{key}'"),
            format!("environment = '{key}'"),
            format!("profile = '{key}'"),
            format!("[profiles.'{key}']"),
            format!("[profiles.x]\n'{key}' = 1"),
            format!("[profiles.x]\nenvironment = '{key}'"),
            format!("tui.theme = '{key}'"),
            format!("mock.script = ['5s {key}', '1{key} calm']"),
            format!("pool_size = '{key}'"),
            key.to_owned(),
        ] {
            let home = TempDir::new().unwrap();
            write_config(&home, &text);
            for words in [&["check"][..], &["config", "check", "--json"]] {
                let mut command = program(&home);
                let (exit, printed) = run(command.env("PGHOST", "h"), words, &hidden);
                assert_eq!(exit, Some(3), "{printed}");
            }
        }
    }
}

#[test]
fn what_is_watched_shows_no_key() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::LegacyServiceRole);
    let hidden = Hidden::of([key]);
    for (name, echo) in echoes(key) {
        standin.fault(&echo.times(2));
        let mut command = with_key(&standin, key, &home);
        let mut child = command
            .args(["watch", "--json", "--samples"])
            .env("DBVITALS_RETRY_DELAY", "100")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Connecting and its end at least; more would wait for the next check.
        let read: Vec<String> = lines.map_while(Result::ok).take(3).collect();
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(read.len(), 3, "{name}: {read:?} {errors}");
        hidden.check(name, &(read.join("\n") + &errors));
        standin.clear_faults();
    }
}
