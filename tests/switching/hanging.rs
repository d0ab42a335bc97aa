//! Away from a server that hangs, and back and forth many times.

use std::time::Duration;

use crate::{
    bed::{Home, LIMIT, SOON, name, see, see_connected, select, sessions_become},
    rounds::{Going, places},
    support::cluster::Cluster,
};

#[test]
fn a_frozen_server_is_left_at_once_and_nothing_of_it_stays() {
    let (mut frozen, other) = (Cluster::start(), Cluster::start());
    let home = Home::with(&format!(
        "database_url = \"{}\"\n[profiles.other]\ndatabase_url = \"{}\"\n",
        frozen.url(),
        other.url()
    ));
    let mut terminal = home.launch().spawn();
    see_connected(&terminal, &name(&frozen));
    sessions_become(&frozen, 1);
    frozen.freeze();
    see(&terminal, "suspect");
    // A diagnosis, a look at the migrations and a check hang there, too.
    terminal.send("DMc\x1b");
    select(&mut terminal, "p", 1);
    terminal.send("\r");
    let shown = terminal.wait_until(SOON, |screen| screen.contents().contains(&name(&other)));
    shown.unwrap_or_else(|screen| panic!("it was waited for:\n{screen}"));
    terminal.send("?");
    let answered = terminal.wait_for("open and close this help", SOON);
    answered.unwrap_or_else(|screen| panic!("keys are not answered:\n{screen}"));
    terminal.send("?");
    see_connected(&terminal, &name(&other));
    let screen = terminal.screen_text();
    assert!(!screen.contains("suspect"), "{screen}");
    frozen.thaw();
    sessions_become(&frozen, 0);
    sessions_become(&other, 1);
    terminal.send("q");
    assert_eq!(terminal.wait_exit(LIMIT).unwrap().exit_code(), 0);
}

#[test]
fn an_attempt_that_hangs_is_left_and_never_counted() {
    let mut frozen = Cluster::start();
    let home = Home::with(&format!("database_url = \"{}\"\n", frozen.url()));
    frozen.freeze();
    let mut terminal = home.launch().spawn();
    see(&terminal, "◌ connecting");
    select(&mut terminal, "m", 2);
    terminal.send("\r");
    see_connected(&terminal, "mock in memory");
    let screen = terminal.screen_text();
    assert!(screen.contains("no errors"), "{screen}");
    assert!(screen.contains("none in a row"), "{screen}");
    // The log keeps what was, under the name of what it was about.
    terminal.send("6z");
    see(&terminal, &format!("[local {}]", name(&frozen)));
    frozen.thaw();
    sessions_become(&frozen, 0);
}

#[test]
fn twenty_switches_leave_nothing_behind() {
    let (live, mut hangs) = (Cluster::start(), Cluster::start());
    let places = places(&live, &hangs, None);
    let home = Home::with(&places.file);
    let terminal = home.launch().arg("--profile").arg("live").spawn();
    see_connected(&terminal, &name(&live));
    sessions_become(&live, 1);
    hangs.freeze();
    let mut going = Going::begin(terminal, places);
    going.switch(20);
    going.go_home();
    let times = going.times();
    assert_eq!(times.len(), 20);
    let mut sorted = times.to_vec();
    sorted.sort();
    // Of a debug build on a busy machine: the budgets have the promise itself.
    assert!(sorted[10] < Duration::from_millis(300), "{sorted:?}");
    assert!(sorted[19] < SOON, "{sorted:?}");
    sessions_become(&live, 1);
    hangs.thaw();
    sessions_become(&hangs, 0);
}
