//! Files that would hang a reader, or keep it busy, are refused in words.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use dbvitals::config::Fallback;

use crate::fixture::{Given, given};

/// A named pipe that nobody writes to.
fn pipe(given: &Given, name: &str) -> String {
    let path = given.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, mode).unwrap();
    path.to_str().unwrap().to_owned()
}

#[track_caller]
fn check_refused(given: &Given, expected: &str) {
    assert_eq!(given.complaints(), [expected]);
}

#[test]
fn a_pipe_is_not_waited_for() {
    let at_h = || given().env("PGHOST", "h").env("PGSSLMODE", "require");
    let none = "cannot be read: it is not a regular file";

    let given = at_h();
    pipe(&given, "p");
    let given = given.flags(|flags| flags.config = Some("p".into()));
    check_refused(&given, &format!("config file = p (flag --config): {none}"));

    let given = at_h();
    pipe(&given, "config.toml");
    let found = "config file = config.toml (found in the working directory)";
    check_refused(&given, &format!("{found}: {none}"));

    for (variable, parameter) in [
        ("PGSSLROOTCERT", "sslrootcert"),
        ("PGSSLCERT", "sslcert"),
        ("PGSSLKEY", "sslkey"),
    ] {
        let given = at_h();
        let path = pipe(&given, "p");
        let given = given.env(variable, &path);
        let named = format!("{parameter} = ~/p (environment {variable}): {none}");
        assert_eq!(given.complaints(), [named]);
    }
    let given = at_h();
    pipe(&given, ".postgresql/root.crt");
    let found = "sslrootcert = ~/.postgresql/root.crt (found in ~/.postgresql)";
    assert_eq!(given.complaints(), [format!("{found}: {none}")]);

    let given = at_h().env("PGSERVICE", "s");
    let path = pipe(&given, "p");
    let given = given.env("PGSERVICEFILE", &path);
    check_refused(
        &given,
        "service = s (environment PGSERVICE): ~/p cannot be read: it is not a regular file",
    );
}

#[test]
fn a_file_without_end_is_not_read() {
    let at_h = || given().env("PGHOST", "h").env("PGSSLMODE", "require");
    let endless = |flags: &mut dbvitals::config::Flags| flags.config = Some("/dev/zero".into());
    check_refused(
        &at_h().flags(endless),
        "config file = /dev/zero (flag --config): cannot be read: it is not a regular file",
    );
    check_refused(
        &at_h().env("PGSSLROOTCERT", "/dev/zero"),
        "sslrootcert = /dev/zero (environment PGSSLROOTCERT): cannot be read: it is not a regular \
         file",
    );
    check_refused(
        &at_h().config(&"#".repeat((1 << 20) + 1)),
        "config file = config.toml (found in the working directory): cannot be read: it is larger \
         than 1 MiB",
    );
    let longest = at_h().config(&"#".repeat(1 << 20));
    assert!(longest.load_in(Path::new("/"), Fallback::Refuse).is_ok());
    longest.loaded();
}

#[test]
fn a_file_full_of_mistakes_is_refused_in_no_time() {
    let lines = |make: fn(usize) -> String| (0..).map(make).take(80_000).collect::<String>();
    for text in [
        lines(|n| format!("k{n} = 1\n")),
        lines(|n| format!("[profiles.p{n}]\n")).replace("]\n", "]\nx=1\n")[..1_000_000].to_owned()
            + "\n",
        format!("{} = 1\n", "k".repeat(1_000_000)),
    ] {
        let start = Instant::now();
        let complaints = given().config(&text).load(Fallback::Refuse).unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
        let said = complaints.to_string();
        assert!(said.len() < 100_000);
        let left_off = complaints.left_off();
        if left_off > 0 {
            assert_eq!(said.lines().count(), 51);
            assert!(said.ends_with(&format!("\nand {left_off} more")));
        }
        assert_eq!(complaints.len(), complaints.iter().count() + left_off);
    }
    let many = given().config(&lines(|n| format!("k{n} = 1\n")));
    let complaints = many.load(Fallback::Refuse).unwrap_err();
    // The last is the complaint that nothing is configured.
    assert_eq!(complaints.len(), 80_001);
    let last = complaints.iter().last().unwrap();
    assert_eq!(last.to_string(), "k49 (config.toml:50): unknown key");
}
