//! The configuration read again by a key.

use crate::{
    bed::{Home, LIMIT, close, header, id, name, see, see_connected, sessions_become},
    support::cluster::Cluster,
};

#[test]
fn another_interval_keeps_the_connection_and_another_url_does_not() {
    let (one, two) = (Cluster::start(), Cluster::start());
    let url = |cluster: &Cluster| format!("database_url = \"{}\"\n", cluster.url());
    let home = Home::with(&url(&one));
    let mut terminal = home.launch().spawn();
    see_connected(&terminal, &name(&one));
    let first = id(&terminal);
    home.write(&format!("{}health_check_interval = 6000\n", url(&one)));
    terminal.send("R");
    see(&terminal, "health_check_interval   30000 ms → 6000 ms");
    see(&terminal, "Apply 1 change? The connection stays.");
    terminal.send("y");
    let seen = terminal.wait_until(LIMIT, |screen| {
        let header = header(&screen.contents());
        (1..=6).any(|s| header.contains(&format!("next check in {s} s")))
    });
    seen.unwrap_or_else(|screen| panic!("not by the new interval:\n{screen}"));
    assert_eq!(id(&terminal), first);
    sessions_become(&one, 1);
    terminal.send("R");
    see(&terminal, "nothing has changed");
    close(&mut terminal);

    home.write(&url(&two));
    terminal.send("R");
    see(
        &terminal,
        &format!("A new connection to local {}", name(&two)),
    );
    // Looking alone changes nothing.
    close(&mut terminal);
    see_connected(&terminal, &name(&one));
    terminal.send("R");
    see(&terminal, "Apply 2 changes?");
    terminal.send("y");
    see_connected(&terminal, &name(&two));
    assert_ne!(id(&terminal), first);
    sessions_become(&one, 0);
    sessions_become(&two, 1);
}

#[test]
fn a_broken_file_is_told_whole_and_changes_nothing() {
    let one = Cluster::start();
    let url = format!("database_url = \"{}\"\n", one.url());
    let home = Home::with(&url);
    let mut terminal = home.launch().spawn();
    see_connected(&terminal, &name(&one));
    let first = id(&terminal);
    home.write(&format!(
        "{url}pool_size = 0\ntui.theme = \"grey\"\nnonsense = 1\n"
    ));
    terminal.send("R");
    see(&terminal, "the configuration is not valid: nothing changes");
    for complaint in ["pool_size = 0 (config.toml:2)", "grey", "nonsense"] {
        see(&terminal, complaint);
    }
    terminal.send("y");
    close(&mut terminal);
    see_connected(&terminal, &name(&one));
    assert_eq!(id(&terminal), first);
    sessions_become(&one, 1);
}

#[test]
fn what_the_command_line_said_still_wins() {
    let (one, two) = (Cluster::start(), Cluster::start());
    let home = Home::with("environment = \"staging\"\n");
    let mut terminal = home
        .launch()
        .env("PGPASSWORD", one.password())
        .arg(one.url_without_password())
        .spawn();
    see_connected(&terminal, &name(&one));
    let first = id(&terminal);
    home.write(&format!(
        "environment = \"test\"\ndatabase_url = \"{}\"\n",
        two.url()
    ));
    terminal.send("R");
    see(&terminal, "staging → test");
    see(&terminal, "Apply 1 change? The connection stays.");
    terminal.send("y");
    let seen = terminal.wait_until(LIMIT, |screen| header(&screen.contents()).contains("test"));
    seen.unwrap_or_else(|screen| panic!("the label stayed:\n{screen}"));
    see_connected(&terminal, &name(&one));
    assert_eq!(id(&terminal), first);
}
