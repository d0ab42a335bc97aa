//! What is rehearsed in mock mode, who decides it, and what is said of mistakes.

use std::time::Duration;

use dbvitals::{
    config::Fallback,
    domain::{Mode, Scenario},
};

use crate::fixture::{Given, given};

/// The scenario in force, and the condition after so many seconds.
#[track_caller]
fn check(given: &Given, scenario: Option<Scenario>, conditions: &[(u64, &str)]) {
    let rehearsal = given.mock().rehearsal.expect("something is rehearsed");
    assert_eq!(rehearsal.scenario, scenario);
    for (second, expected) in conditions {
        let situation = rehearsal.script.at(Duration::from_secs(*second));
        assert_eq!(
            situation.condition.to_string(),
            *expected,
            "after {second} s"
        );
    }
}

#[track_caller]
fn check_refused(given: &Given, expected: &[&str]) {
    assert_eq!(given.complaints(), expected);
}

fn flagged(given: Given, scenario: &str) -> Given {
    given.flags(|flags| flags.scenario = Some(scenario.to_owned()))
}

#[test]
fn without_a_word_nothing_goes_wrong_and_answers_take_a_little() {
    let mock = given().mock();
    assert_eq!(mock.rehearsal, None);
    assert_eq!(mock.trip.latency, Duration::from_millis(3));
    assert_eq!(mock.trip.jitter, Duration::from_millis(9));
    let set = given().config("[mock]\nlatency = 40\njitter = 0").mock();
    assert_eq!(set.trip.latency, Duration::from_millis(40));
    assert_eq!(set.trip.jitter, Duration::ZERO);
}

#[test]
fn a_scenario_is_named_in_the_file_the_environment_or_by_flag() {
    let file = || given().config("[mock]\nscenario = 'hang'");
    check(&file(), Some(Scenario::Hang), &[(0, "calm"), (20, "hang")]);
    let env = || file().env("DBVITALS_MOCK_SCENARIO", "outage");
    check(
        &env(),
        Some(Scenario::Outage),
        &[(19, "calm"), (20, "refuse")],
    );
    let flag = flagged(env(), "auth");
    check(&flag, Some(Scenario::Auth), &[(30, "auth")]);
    let profile = given()
        .config("[mock]\nscenario = 'hang'\n[profiles.p.mock]\nscenario = 'slow'")
        .env("DBVITALS_PROFILE", "p");
    // Twice what counts as slow.
    check(&profile, Some(Scenario::Slow), &[(20, "slow 400 ms")]);
}

#[test]
fn own_steps_are_a_list_or_a_text() {
    let words = [
        (0, "calm"),
        (20, "refuse"),
        (25, "slow 800 ms"),
        (35, "calm"),
    ];
    let list = "[mock]\nscript = ['20s calm', '5s refuse', '10s slow 800ms']";
    check(&given().config(list), None, &words);
    let text = "20s calm, 5s refuse, 10s slow 800ms";
    check(&given().env("DBVITALS_MOCK_SCRIPT", text), None, &words);
    let shown = given().config(list).row("mock.script").0;
    assert_eq!(shown, text);
    let list = r#"["30s refuse", "calm"]"#;
    check_refused(
        &given().mode("mock").env("DBVITALS_MOCK_SCRIPT", list),
        &[
            "mock.script = [\"30s refuse\", \"calm\"] (environment DBVITALS_MOCK_SCRIPT): is one text here, with \
              commas between the steps: 30s refuse, calm",
        ],
    );
    let empty = given().config("[mock]\nscript = []").mock();
    assert_eq!(empty.rehearsal, None);
}

#[test]
fn of_scenario_and_own_steps_the_stronger_source_holds() {
    let file = || given().config("[mock]\nscript = ['5s full', 'repeat']");
    check(&file(), None, &[(1, "full")]);
    let flag = flagged(file(), "calm");
    check(&flag, Some(Scenario::Calm), &[(1, "calm")]);
    assert_eq!(flag.row("mock.script").0, "-", "it is not in force");
    let env = given()
        .config("[mock]\nscenario = 'hang'")
        .env("DBVITALS_MOCK_SCRIPT", "full");
    check(&env, None, &[(1, "full")]);
    check_refused(
        &given()
            .mode("mock")
            .config("[mock]\nscenario = 'hang'\nscript = ['full']"),
        &[
            "mock.scenario = hang (config.toml:2): does not go with mock.script \
              (config.toml:3): set one of them",
        ],
    );
}

#[test]
fn the_flag_means_mock_mode_whatever_else_is_configured() {
    let given = flagged(given(), "outage")
        .env("DATABASE_URL", "postgres://h/d")
        .env("DB_MODE", "local");
    let loaded = given.load(Fallback::Refuse).unwrap();
    assert_eq!(loaded.config.target.mode, Mode::Mock);
    let provenance = &loaded.config.provenance;
    assert_eq!(
        provenance.mode_reason,
        "Mode chosen because --scenario outage is given."
    );
    assert_eq!(
        provenance.warnings,
        ["Nothing is persisted in mock mode. To watch a database, leave --scenario out."]
    );
    let mode = given.row("mode");
    assert_eq!(
        mode,
        ("mock".to_owned(), "implied by --scenario".to_owned())
    );
}

#[test]
fn a_mere_setting_does_not_choose_the_mode() {
    let local = given()
        .env("DATABASE_URL", "postgres://h/d")
        .env("DBVITALS_MOCK_SCENARIO", "outage");
    assert_eq!(local.loaded().config.target.mode, Mode::Local);
}

#[test]
fn the_flag_does_not_go_with_a_database_beside_it() {
    check_refused(
        &flagged(given(), "outage").mode("local"),
        &[
            "mock.scenario = outage (flag --scenario): is rehearsed in mock mode and does not go \
              with mode = local (flag --mode); leave one out",
        ],
    );
    check_refused(
        &flagged(given(), "outage").url("postgres://h/d"),
        &[
            "mock.scenario = outage (flag --scenario): is rehearsed in mock mode and does not go \
              with a URL as argument; leave one out",
        ],
    );
    let mock = flagged(given(), "outage").mode("mock");
    assert_eq!(mock.loaded().config.target.mode, Mode::Mock);
}

#[test]
fn an_unknown_scenario_is_told_with_those_that_there_are() {
    check_refused(
        &flagged(given().mode("mock"), "outrage"),
        &[
            "mock.scenario = outrage (flag --scenario): must be one of calm, flaky, outage, slow, \
              hang, auth, migrations",
        ],
    );
}
