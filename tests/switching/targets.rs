//! From one target to the next and back.

use crate::{
    bed::{Home, close, header, id, name, see, see_connected, select, sessions_become},
    support::cluster::Cluster,
};

#[test]
fn from_local_to_mock_to_another_local_each_with_a_new_connection() {
    let (one, two) = (Cluster::start(), Cluster::start());
    let home = Home::with(&format!(
        "[profiles.one]\ndatabase_url = \"{}\"\n\
         [profiles.two]\ndatabase_url = \"{}\"\nenvironment = \"staging\"\n",
        one.url(),
        two.url()
    ));
    let mut terminal = home.launch().arg("--profile").arg("one").spawn();
    see_connected(&terminal, &name(&one));
    let first = id(&terminal);
    sessions_become(&one, 1);

    select(&mut terminal, "m", 2);
    terminal.send("\r");
    see_connected(&terminal, "mock in memory");
    let second = id(&terminal);
    see(&terminal, "Mode chosen by you at ");
    sessions_become(&one, 0);

    select(&mut terminal, "p", 2);
    terminal.send("\r");
    see_connected(&terminal, &name(&two));
    let third = id(&terminal);
    let shown = header(&terminal.screen_text());
    assert!(shown.contains("staging"), "{shown}");
    assert!(shown.contains("profile two"), "{shown}");
    see(&terminal, "Profile chosen by you at ");
    sessions_become(&one, 0);
    sessions_become(&two, 1);

    // The list marks what is in use now, and says so to whoever chooses it.
    terminal.send("p");
    see(&terminal, "in use already; r reconnects");
    terminal.send("\r");
    close(&mut terminal);
    select(&mut terminal, "p", 1);
    terminal.send("\r");
    see_connected(&terminal, &name(&one));
    let fourth = id(&terminal);
    sessions_become(&two, 0);
    let mut ids = vec![first, second, third, fourth];
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4, "an id came twice: {ids:?}");
}

#[test]
fn the_list_says_why_something_is_not_possible() {
    let one = Cluster::start();
    let home = Home::with(&format!("database_url = \"{}\"\n", one.url()));
    let mut terminal = home.launch().size(80, 24).spawn();
    see_connected(&terminal, &name(&one));
    // Whichever way it is refused, it is refused in words.
    terminal.send("m");
    see(&terminal, "✖ INVALID  supabase_url");
    terminal.send("k\r");
    see(&terminal, "not possible: its settings are not valid");
    see(&terminal, "supabase is not possible, for");
    close(&mut terminal);
    home.write(&format!(
        "database_url = \"{}\"\n[profiles.odd]\npool_size = 0\nslow_threshold = 0\n",
        one.url()
    ));
    select(&mut terminal, "p", 1);
    see(&terminal, "odd is not possible, for 2 reasons:");
    see(
        &terminal,
        "slow_threshold = 0 (config.toml:4 [profiles.odd])",
    );
    close(&mut terminal);
    // A file that cannot be read is no list of profiles.
    home.write("this is not TOML");
    terminal.send("p");
    see(&terminal, "the configuration cannot be read");
}

#[test]
fn secrets_are_in_no_list() {
    let one = Cluster::start();
    let home = Home::with(&format!(
        "database_url = \"{}\"\n[profiles.other]\n\
         database_url = \"postgres://me:Zq9-secret@db.example/app\"\n",
        one.url()
    ));
    let mut terminal = home.launch().spawn();
    see_connected(&terminal, &name(&one));
    select(&mut terminal, "p", 1);
    see(&terminal, "local db.example:5432/app as me");
    home.write("database_url = \"postgres://me:Zq9-secret@db.example/app\"\n");
    terminal.send("R");
    see(&terminal, "postgres://me:*****@db.example");
    let output = String::from_utf8_lossy(&terminal.output()).into_owned();
    for secret in ["Zq9-secret", one.password()] {
        assert!(!output.contains(secret));
    }
}
