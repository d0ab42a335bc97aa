//! Two hundred switches between the modes and two profiles, one of which hangs:
//! how soon each is on the screen, and whether anything is left of them.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use crate::{
    bed::{CONNECTED, LIMIT, must},
    report::Report,
    rounds::{Going, places},
    support::{cluster::Cluster, process::wait_until, terminal::Launch},
};

/// Switches in all.
const SWITCHES: usize = 200;

/// From this one on the process has its full size.
const WARM: usize = 50;

/// Measures them.
pub(crate) fn two_hundred(report: &mut Report) {
    let (live, mut hangs) = (Cluster::start(), Cluster::start());
    let places = places(&live, &hangs, None);
    let home = tempfile::tempdir().expect("a folder can be made");
    let file = home.path().join("config.toml");
    fs::write(&file, &places.file).expect("a file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    let terminal = Launch::new(env!("CARGO_BIN_EXE_dbvitals"))
        .env("USER", "somebody")
        .env("HOME", home.path())
        .folder(home.path())
        .size(120, 40)
        .arg("--profile")
        .arg("live")
        .spawn();
    must(terminal.wait_for(CONNECTED, LIMIT));
    let (before_live, before_hangs) = (settled(&live, 1), settled(&hangs, 0));
    hangs.freeze();
    let mut going = Going::begin(terminal, places);
    let descriptors = going.descriptors();
    going.switch(WARM);
    let warm = going.resident_megabytes();
    going.switch(SWITCHES - WARM);
    let grown = going.resident_megabytes() - warm;
    going.go_home();
    let after_live = settled(&live, before_live);
    let files = lasting(|| going.descriptors(), descriptors);
    hangs.thaw();
    let after_hangs = settled(&hangs, before_hangs);
    report.times(
        "200 switches: the new target is on the screen",
        going.times(),
        Duration::from_millis(100),
    );
    report.number(
        "200 switches: memory grown since the 50th",
        grown,
        2.0,
        "MB",
    );
    report.note(&format!(
        "sessions before {before_live} and {before_hangs}, after {after_live} and {after_hangs}; \
         files before {descriptors}, after {files}"
    ));
    let is_left = (before_live, before_hangs) == (after_live, after_hangs);
    report.count(
        "200 switches: sessions and files as before",
        usize::from(is_left && files <= descriptors),
        1,
    );
}

/// The sessions of a server, once they are as many as wished, or at last.
fn settled(cluster: &Cluster, wished: usize) -> usize {
    lasting(|| cluster.sessions(), wished)
}

/// A count once it is as wished, or as it is when the time is over.
fn lasting(count: impl Fn() -> usize, wished: usize) -> usize {
    let start = Instant::now();
    wait_until(LIMIT, || count() == wished || start.elapsed() > LIMIT / 2);
    count()
}
