//! What others on the machine see of the running program: its command line and,
//! where the key stands in a file, its environment.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    commands::program,
    search::Hidden,
    support::{
        process::wait_until,
        standin::{Key, Standin},
    },
};

/// Longer than a start takes on a busy machine.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(30);

/// Writes a configuration file that only its owner may read.
pub(crate) fn write_config(home: &TempDir, text: &str) {
    let file = home.path().join("config.toml");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn the_list_of_processes_shows_no_key_of_a_file() {
    let standin = Standin::start();
    let key = standin.key(Key::Secret);
    let password = standin.cluster().password();
    let hidden = Hidden::of([key, password]);
    let home = TempDir::new().unwrap();
    let (url, direct) = (standin.url(), standin.cluster().url());
    write_config(
        &home,
        &format!(
            "supabase_url = \"{url}\"\nsupabase_key = \"{key}\"\ndatabase_url = \"{direct}\"\n"
        ),
    );
    standin.forget_requests();
    let mut child = program(&home)
        .args(["watch", "--json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let has_asked = wait_until(LIMIT, || !standin.requests().is_empty());
    let read = |name: &str| fs::read(format!("/proc/{}/{name}", child.id())).unwrap();
    let seen = ["cmdline", "environ", "comm", "status"]
        .map(|name| String::from_utf8_lossy(&read(name)).into_owned())
        .concat();
    // With the environment of each process.
    let listed = Command::new("ps")
        .args(["eww", "-p", &child.id().to_string()])
        .output();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(has_asked, "it never asked");
    assert!(seen.contains("watch"), "{seen}");
    hidden.check("/proc", &seen);
    // Not every machine has it; what it reads was read above.
    if let Ok(listed) = listed {
        hidden.check("ps", &String::from_utf8_lossy(&listed.stdout));
    }
}

#[test]
fn a_key_of_the_environment_stays_out_of_the_command_line() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    for key in Key::ALL.map(|kind| standin.key(kind)) {
        standin.forget_requests();
        let mut child = program(&home)
            .env("SUPABASE_URL", standin.url())
            .env("SUPABASE_ANON_KEY", key)
            .args(["watch", "--json"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let has_asked = wait_until(LIMIT, || !standin.requests().is_empty());
        let line = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(has_asked, "it never asked");
        let line = String::from_utf8_lossy(&line).into_owned();
        assert!(line.contains("watch"), "{line}");
        Hidden::of([key]).check("the command line", &line);
    }
}
