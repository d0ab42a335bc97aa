//! One initialised data folder for each PostgreSQL version, made once on a
//! machine and copied for each cluster. It must not know the settings of any
//! one cluster.

use std::{
    fs::{self, DirBuilder, File, Permissions},
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{DATABASE, PASSWORD, ROLE, SUPERUSER, account::Account, programs::Programs};

/// Part of a template's name: to be raised when what it holds changes.
const FORMAT: u32 = 1;

/// Copies the template to `data`, which must not exist yet.
pub(crate) fn copy_to(data: &Path, programs: &Programs, account: &Account) {
    let template = ready(programs, account);
    let status = Command::new("cp")
        .arg("-a")
        .args([&template, data])
        .status()
        .expect("`cp` runs");
    assert!(status.success(), "the template could not be copied");
}

/// Initialises `data` with our role and database.
pub(crate) fn make(data: &Path, programs: &Programs, account: &Account) {
    account.make_folder(data);
    let locale = if cfg!(target_os = "linux") {
        "C.UTF-8"
    } else {
        "C"
    };
    let output = account
        .command(&programs.path("initdb"))
        .arg("--pgdata")
        .arg(data)
        .args(["--username", SUPERUSER, "--encoding", "UTF8"])
        .args(["--locale", locale, "--no-sync", "--wal-segsize", "1"])
        .args(["--auth-local", "peer", "--auth-host", "reject"])
        .current_dir(data)
        .output()
        .expect("`initdb` runs");
    assert!(
        output.status.success(),
        "initdb failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    add_role_and_database(data, programs, account);
}

/// The single-user server needs neither a port nor a login.
fn add_role_and_database(data: &Path, programs: &Programs, account: &Account) {
    let mut server = account
        .command(&programs.path("postgres"))
        .args(["--single", "-j", "-c", "fsync=off", "-D"])
        .arg(data)
        .arg("postgres")
        .current_dir(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`postgres --single` runs");
    let statements = format!(
        "CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}';\n\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n\n"
    );
    let mut input = server.stdin.take().expect("stdin is a pipe");
    input
        .write_all(statements.as_bytes())
        .expect("the single-user server reads");
    drop(input);
    let output = server
        .wait_with_output()
        .expect("the single-user server ends");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !words.contains("ERROR:") && !words.contains("FATAL:"),
        "role and database could not be made: {words}"
    );
}

/// The template's folder; the first process that needs it makes it while the
/// others wait.
fn ready(programs: &Programs, account: &Account) -> PathBuf {
    let home = home(account);
    let template = home.join(format!("{}-{FORMAT}", programs.version()));
    let lock = File::create(home.join("lock")).expect("the lock file can be made");
    lock.lock().expect("the lock file can be locked");
    if !template.exists() {
        let unfinished = home.join("unfinished");
        match fs::remove_dir_all(&unfinished) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("an unfinished template cannot be removed: {error}"),
        }
        make(&unfinished, programs, account);
        fs::rename(&unfinished, &template).expect("a folder can be renamed beside itself");
    }
    template
}

/// A folder beside the temporary files that only we may write. A folder of
/// somebody else's is refused: what lies in it would be run.
fn home(account: &Account) -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    let parent = account.chosen_folder().unwrap_or_else(|| "/tmp".into());
    let home = parent.join(format!("dbvitals-tests-{user}"));
    match DirBuilder::new().mode(0o755).create(&home) {
        Ok(()) => fs::set_permissions(&home, Permissions::from_mode(0o755))
            .expect("the mode of our own folder can be set"),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => panic!("{} cannot be made: {error}", home.display()),
    }
    let found = fs::symlink_metadata(&home).expect("the folder is there");
    assert!(
        found.is_dir() && found.uid() == user && found.mode() & 0o022 == 0,
        "{} is not a folder that only this user may write",
        home.display()
    );
    home
}
