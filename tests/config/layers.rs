//! Which source wins, and what is said about it.

use crate::fixture::{Given, given};

#[track_caller]
fn check(given: &Given, key: &str, value: &str, origin: &str) {
    assert_eq!(given.row(key), (value.to_owned(), origin.to_owned()));
}

#[track_caller]
fn check_refused(given: &Given, expected: &[&str]) {
    assert_eq!(given.complaints(), expected);
}

const FILE: &str = "mode = 'mock'\npool_size = 2\nmax_retries = 2\n\
                    [profiles.p]\npool_size = 3\n[profiles.p.tui]\ntheme = 'light'\n";

#[test]
fn each_layer_wins_over_the_one_below() {
    let nothing = given().mode("mock");
    check(&nothing, "pool_size", "10", "default");
    let file = given().config(FILE);
    check(&file, "pool_size", "2", "config.toml:2");
    let profile = given().config(FILE).env("DBVITALS_PROFILE", "p");
    check(&profile, "pool_size", "3", "config.toml:5 [profiles.p]");
    check(&profile, "tui.theme", "light", "config.toml:7 [profiles.p]");
    check(&profile, "max_retries", "2", "config.toml:3");
    let env = profile.env("DB_POOL_SIZE", "4");
    check(&env, "pool_size", "4", "environment DB_POOL_SIZE");
    let ours = env.env("DBVITALS_POOL_SIZE", "5");
    check(&ours, "pool_size", "5", "environment DBVITALS_POOL_SIZE");
    let flag = ours.set("pool_size=6");
    check(&flag, "pool_size", "6", "flag --set pool_size");
    check(
        &flag.set("pool_size=7"),
        "pool_size",
        "7",
        "flag --set pool_size",
    );
}

#[test]
fn the_profile_is_chosen_by_flag_then_variable_then_file() {
    let file = "mode = 'mock'\nprofile = 'a'\n[profiles.a]\npool_size = 1\n\
                [profiles.b]\npool_size = 2\n[profiles.c]\npool_size = 3\n";
    let given = given().config(file);
    check(&given, "profile", "a", "config.toml:2");
    check(&given, "pool_size", "1", "config.toml:4 [profiles.a]");
    let given = given.env("DBVITALS_PROFILE", "b");
    check(&given, "pool_size", "2", "config.toml:6 [profiles.b]");
    let given = given.flags(|flags| flags.profile = Some("c".into()));
    check(&given, "profile", "c", "flag --profile");
    check(&given, "pool_size", "3", "config.toml:8 [profiles.c]");
    assert_eq!(
        given.loaded().config.provenance.profile.as_deref(),
        Some("c")
    );
}

#[test]
fn an_unknown_profile_lists_the_known_ones() {
    let with = |file: &str| given().config(file).env("DBVITALS_PROFILE", "x");
    check_refused(
        &with("mode='mock'\n[profiles.a]\n[profiles.b]\n"),
        &["profile = x (environment DBVITALS_PROFILE): is no profile; known are a, b"],
    );
    check_refused(
        &with("mode='mock'"),
        &[
            "profile = x (environment DBVITALS_PROFILE): is no profile: the configuration holds none",
        ],
    );
}

#[test]
fn the_file_is_found_in_this_order() {
    let personal = ".config/dbvitals/config.toml";
    let given = given().mode("mock").file(personal, "pool_size = 1");
    check(&given, "pool_size", "1", "~/.config/dbvitals/config.toml:1");
    let xdg = given.path("xdg").to_str().unwrap().to_owned();
    let given = given
        .env("XDG_CONFIG_HOME", &xdg)
        .file("xdg/dbvitals/config.toml", "pool_size = 2");
    check(&given, "pool_size", "2", "~/xdg/dbvitals/config.toml:1");
    let given = given.config("\npool_size = 3");
    check(&given, "pool_size", "3", "config.toml:2");
    let given = given
        .file("env.toml", "pool_size = 4")
        .env("DBVITALS_CONFIG", "env.toml");
    check(&given, "pool_size", "4", "env.toml:1");
    let given = given
        .file("flag.toml", "pool_size = 5")
        .flags(|flags| flags.config = Some("flag.toml".into()));
    check(&given, "pool_size", "5", "flag.toml:1");
    let file = given.loaded().config.provenance.file;
    assert_eq!(file, Some(given.path("flag.toml")));
}

#[test]
fn a_named_file_that_is_missing_is_the_only_complaint() {
    check_refused(
        &given().flags(|flags| flags.config = Some("no.toml".into())),
        &[
            "config file = no.toml (flag --config): cannot be read: No such file or directory (os error 2)",
        ],
    );
    check_refused(
        &given().env("DBVITALS_CONFIG", "no.toml").mode("local"),
        &[
            "config file = no.toml (environment DBVITALS_CONFIG): cannot be read: No such file or directory (os error 2)",
        ],
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    let given = given()
        .mode("mock")
        .env("DB_POOL_SIZE", "")
        .env("DBVITALS_CONFIG", "");
    check(&given, "pool_size", "10", "default");
}

#[test]
fn no_color_needs_a_value() {
    let is_set = |given: Given| given.loaded().config.tui.no_color;
    assert!(!is_set(given()));
    assert!(!is_set(given().env("NO_COLOR", "")));
    assert!(is_set(given().env("NO_COLOR", "1")));
}

#[test]
fn complaints_of_all_sources_are_reported_together() {
    let given = given()
        .config("mode = 'mock'\npool_size = 0\npol_size = 1\n[tui]\nthem = 'dark'\n")
        .env("DB_MAX_RETRIES", "11")
        .env("DBVITALS_POOLSIZE", "3")
        .set("retry_delay=many")
        .set("theme=light")
        .set("nonsense");
    check_refused(
        &given,
        &[
            "pol_size (config.toml:3): unknown key, did you mean pool_size?",
            "tui.them (config.toml:5): unknown key, did you mean tui.theme?",
            "DBVITALS_POOLSIZE (environment DBVITALS_POOLSIZE): unknown variable, did you mean DBVITALS_POOL_SIZE?",
            "theme (flag --set): unknown key, did you mean tui.theme?",
            "--set (flag --set): must have the form KEY=VALUE",
            "pool_size = 0 (config.toml:2): must be between 1 and 100",
            "max_retries = 11 (environment DB_MAX_RETRIES): must be between 0 and 10",
            "retry_delay = many (flag --set retry_delay): must be a whole number between 100 and 10000 ms",
        ],
    );
}

#[test]
fn a_syntax_error_hides_nothing_of_the_other_sources() {
    let given = given()
        .config("pool_size = 1\nmode = \n")
        .env("DB_POOL_SIZE", "x");
    let complaints = given.complaints();
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert!(complaints[0].starts_with("config file (config.toml:2): is not TOML: "));
    assert_eq!(
        complaints[1],
        "pool_size = x (environment DB_POOL_SIZE): must be a whole number between 1 and 100"
    );
}

#[test]
fn a_health_check_must_end_before_the_next() {
    check_refused(
        &given()
            .mode("mock")
            .env("DB_HEALTH_CHECK_INTERVAL", "5000")
            .set("health_check_timeout=5001"),
        &[
            "health_check_timeout = 5001 (flag --set health_check_timeout): must be at most \
           health_check_interval, which is 5000 (environment DB_HEALTH_CHECK_INTERVAL)",
        ],
    );
}

#[test]
fn a_mistake_in_an_idle_profile_is_found() {
    check_refused(
        &given().config("mode = 'mock'\n[profiles.a]\npool_size = 101\nprofile = 'b'\n"),
        &[
            "profile (config.toml:4 [profiles.a]): belongs at the top, not into a profile",
            "pool_size = 101 (config.toml:3 [profiles.a]): must be between 1 and 100",
        ],
    );
}

#[test]
fn read_only_reaches_every_section() {
    let flag = given()
        .url("postgres://h/d")
        .flags(|flags| flags.read_only = true);
    check(&flag, "read_only", "true", "flag --read-only");
    let watch = flag.loaded().config.watch;
    assert!(flag.local().read_only && watch.read_only && !watch.policy.expects_writes);
}

#[test]
fn ascii_is_drawn_where_it_is_asked_for_or_nothing_else_can_be() {
    let local = || given().url("postgres://h/d");
    let flag = local().flags(|flags| flags.ascii = true);
    check(&flag, "tui.ascii", "true", "flag --ascii");
    let ascii = |given: Given| given.loaded().config.tui.ascii;
    assert!(!ascii(local()));
    assert!(!ascii(local().env("LANG", "de_DE.UTF-8")));
    assert!(!ascii(local().env("LANG", "C").env("LC_ALL", "C.utf8")));
    assert!(ascii(local().env("LANG", "C.UTF-8").env("LC_CTYPE", "C")));
    for term in ["linux", "dumb", "vt100"] {
        assert!(ascii(local().env("TERM", term)), "{term}");
    }
    check(
        &local().env("LANG", "C"),
        "tui.ascii",
        "true",
        "the locale is not UTF-8",
    );
    // Who decides is not overruled.
    assert!(!ascii(local().env("TERM", "linux").set("tui.ascii=false")));
}

#[test]
fn terminals_without_colours_get_none() {
    let is_colorless = |term: &str| {
        let given = given().url("postgres://h/d").env("TERM", term);
        given.loaded().config.tui.no_color
    };
    assert!(is_colorless("dumb") && is_colorless("vt100"));
    assert!(!is_colorless("linux") && !is_colorless("xterm"));
}
