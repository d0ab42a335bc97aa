//! A production in the header, and the name that every write asks for there.

use crate::{
    bed::{Home, header, name, see, see_connected, select},
    support::{cluster::Cluster, terminal::Terminal},
};

const TABLES: &str = "select count(*) from pg_tables where schemaname = 'public'";

/// A dashboard that has switched from mock mode to a production.
fn switched(cluster: &Cluster, prepare: impl FnOnce(&Home) -> Terminal) -> (Home, Terminal) {
    let home = Home::with(&format!(
        "mode = \"mock\"\n[profiles.shop]\ndatabase_url = \"{}\"\nenvironment = \"Production\"\n",
        cluster.url()
    ));
    let mut terminal = prepare(&home);
    see(&terminal, "in memory");
    assert!(!terminal.screen_text().contains("PRODUCTION"));
    terminal.send("p");
    see(&terminal, "PRODUCTION");
    terminal.send("gj");
    see(&terminal, &format!("local {} as", name(cluster)));
    terminal.send("\r");
    (home, terminal)
}

#[test]
fn every_write_asks_for_the_targets_name_after_a_switch() {
    let shop = Cluster::start();
    let (_home, mut terminal) = switched(&shop, |home| home.launch().spawn());
    see_connected(&terminal, &name(&shop));
    let shown = header(&terminal.screen_text());
    assert!(shown.starts_with(" ▲ PRODUCTION"), "{shown}");
    assert!(shown.contains("profile shop"), "{shown}");
    terminal.send("M");
    see(&terminal, "files are pending");
    terminal.send("u");
    see(&terminal, "This is PRODUCTION: type");
    terminal.send("y\r");
    see(&terminal, "that is not the target's name");
    terminal.send("\x1b");
    see(&terminal, "u applies them, after asking");
    // The whole name, and Esc in place of Enter.
    terminal.send("u");
    see(&terminal, "This is PRODUCTION: type");
    terminal.send(&name(&shop));
    see(&terminal, &format!("> {}_", name(&shop)));
    terminal.send("\x1b");
    see(&terminal, "u applies them, after asking");
    assert_eq!(shop.sql(TABLES), "0");
    terminal.send("u");
    see(&terminal, "This is PRODUCTION: type");
    terminal.send(&format!("{}\r", name(&shop)));
    see(&terminal, "files are applied");
    assert_eq!(shop.sql(TABLES), "10");
}

/// The first cell of the header's first line.
fn first_cell(terminal: &Terminal) -> vt100::Cell {
    terminal.screen(|screen| screen.cell(0, 1).unwrap().clone())
}

#[test]
fn production_is_a_colour_a_sign_and_a_word() {
    let shop = Cluster::start();
    let (_home, terminal) = switched(&shop, |home| home.launch().size(80, 24).spawn());
    see_connected(&terminal, &name(&shop));
    let cell = first_cell(&terminal);
    assert_eq!((cell.contents(), cell.inverse()), ("▲", false));
    assert_eq!(cell.bgcolor(), vt100::Color::Idx(1));

    let (_home, terminal) = switched(&shop, |home| home.launch().env("NO_COLOR", "1").spawn());
    see_connected(&terminal, &name(&shop));
    let cell = first_cell(&terminal);
    assert_eq!((cell.contents(), cell.inverse()), ("▲", true));
    assert_eq!(cell.bgcolor(), vt100::Color::Default);

    let (_home, terminal) = switched(&shop, |home| home.launch().arg("--ascii").spawn());
    see(&terminal, "PRODUCTION - every write");
    let shown = header(&terminal.screen_text());
    assert!(shown.starts_with(" ! PRODUCTION - every write"), "{shown}");
}

#[test]
fn read_only_hides_what_writes() {
    let shop = Cluster::start();
    let launch = |home: &Home| home.launch().arg("--read-only").spawn();
    let (_home, mut terminal) = switched(&shop, launch);
    see_connected(&terminal, &name(&shop));
    see(&terminal, "read-only: nothing is written from here");
    terminal.send("M");
    see(&terminal, "nothing is applied from here: read_only is set");
    let footer = terminal.screen_text().lines().last().unwrap().to_owned();
    assert!(!footer.contains("u apply"), "{footer}");
    terminal.send("u");
    assert_eq!(shop.sql(TABLES), "0");
    // The flag of the start holds for whatever is switched to.
    select(&mut terminal, "m", 2);
    see(&terminal, "read-only");
}
