//! What a choice by key puts in force and out of it, and how two configurations
//! differ.

use std::sync::Arc;

use dbvitals::{
    config::{
        Catalogue, Choice, FixedEnv, Loaded, ProfileChoice, RehearsalChoice, changes, serves,
    },
    domain::{AlternativeKind, Mode, Scenario, Taking},
};

use crate::fixture::{Given, given};

const FILE: &str = "[profiles.shop]\n\
                    database_url = \"postgres://me@shop.example/app\"\n\
                    environment = \"production\"\n\
                    [profiles.quiet]\n\
                    read_only = false\n\
                    health_check_interval = 60000\n\
                    [profiles.web]\n\
                    supabase_url = \"https://x.supabase.co\"\n\
                    supabase_key = \"sb_publishable_x\"\n";

fn profile(name: &str) -> Choice {
    Choice {
        profile: ProfileChoice::Named(name.to_owned()),
        ..Choice::default()
    }
}

fn mode(mode: Mode) -> Choice {
    Choice {
        mode: Some(mode),
        ..Choice::default()
    }
}

fn catalogue(given: &Given) -> Catalogue {
    let env: FixedEnv = given.variables().iter().cloned().collect();
    Catalogue::new(given.given_flags(), Arc::new(env), given.home.path().into())
}

#[track_caller]
fn chosen(given: &Given, choice: &Choice) -> Loaded {
    match catalogue(given).load(choice) {
        Ok(loaded) => loaded,
        Err(complaints) => panic!("{complaints}"),
    }
}

/// With this choice, this is watched.
#[track_caller]
fn check(given: &Given, choice: &Choice, target: &str) {
    assert_eq!(chosen(given, choice).config.target.to_string(), target);
}

#[test]
fn a_chosen_profile_means_the_database_that_it_names() {
    let shop = "shop.example:5432/app";
    let given = || given().config(FILE);
    check(&given(), &profile("shop"), shop);
    let other = "postgres://me@other.example/app";
    check(&given().env("DATABASE_URL", other), &profile("shop"), shop);
    check(&given().url(other), &profile("shop"), shop);
    check(&given().mode("mock"), &profile("shop"), shop);
    check(&given().env("DB_MODE", "mock"), &profile("shop"), shop);
    let outage = given().flags(|flags| flags.scenario = Some("outage".into()));
    check(&outage, &profile("shop"), shop);
    let set = given().set("database_url=postgres://me@other.example/app");
    check(&set, &profile("shop"), shop);
    let supabase = given()
        .env("SUPABASE_URL", "https://y.supabase.co")
        .env("SUPABASE_ANON_KEY", "sb_publishable_y");
    check(&supabase, &profile("shop"), shop);
    // Its label is what warns of it.
    let label = given().env("DBVITALS_ENVIRONMENT", "test");
    let config = chosen(&label, &profile("shop")).config;
    assert!(config.provenance.is_production());
}

#[test]
fn a_profile_that_names_no_database_leaves_the_one_that_is_named() {
    let url = "postgres://me@other.example/app";
    let given = || given().config(FILE).url(url);
    check(&given(), &profile("quiet"), "other.example:5432/app");
    let config = chosen(&given(), &profile("quiet")).config;
    assert_eq!(config.watch.health_check_interval.as_secs(), 60);
    let interval = given().env("DB_HEALTH_CHECK_INTERVAL", "9000");
    let config = chosen(&interval, &profile("quiet")).config;
    assert_eq!(config.watch.health_check_interval.as_secs(), 60);
    let interval = given().set("health_check_interval=9000");
    let config = chosen(&interval, &profile("quiet")).config;
    assert_eq!(config.watch.health_check_interval.as_secs(), 9);
}

#[test]
fn read_only_is_never_lost_by_a_choice() {
    let url = "postgres://me@other.example/app";
    let by_flag = given().config(FILE).url(url);
    let by_flag = by_flag.flags(|flags| flags.read_only = true);
    assert!(chosen(&by_flag, &profile("quiet")).config.watch.read_only);
    let by_variable = given().config(FILE).url(url);
    let by_variable = by_variable.env("DBVITALS_READ_ONLY", "true");
    assert!(
        chosen(&by_variable, &profile("quiet"))
            .config
            .watch
            .read_only
    );
}

#[test]
fn a_chosen_mode_replaces_the_one_of_the_start_and_gives_it_back() {
    let outage = given().flags(|flags| flags.scenario = Some("outage".into()));
    let outage = outage.env("DATABASE_URL", "postgres://me@db.example/app");
    check(&outage, &Choice::default(), "in memory");
    check(&outage, &mode(Mode::Local), "db.example:5432/app");
    check(&outage, &mode(Mode::Mock), "in memory");
    let url = given().url("postgres://me@db.example/app");
    check(&url, &mode(Mode::Mock), "in memory");
    check(&url, &mode(Mode::Local), "db.example:5432/app");
    let config = chosen(&url, &mode(Mode::Mock)).config;
    assert_eq!(config.provenance.mode_reason, "Mode chosen by you.");
}

#[test]
fn no_profile_can_be_chosen_too() {
    let file = format!("profile = \"shop\"\n{FILE}");
    let given = given().config(&file);
    check(&given, &Choice::default(), "shop.example:5432/app");
    let none = Choice {
        profile: ProfileChoice::Without,
        ..Choice::default()
    };
    let config = chosen(&given, &none).config;
    assert_eq!(config.target.to_string(), "in memory");
    assert_eq!(config.provenance.profile, None);
}

#[test]
fn each_candidate_answers_for_itself_alone() {
    let file = format!("{FILE}[profiles.broken]\npool_size = 0\nnonsense = 1\n");
    let given = given().config(&file);
    let catalogue = catalogue(&given);
    let now = Choice::default();
    let candidates = catalogue.candidates(AlternativeKind::Profile, &now);
    let told: Vec<_> = candidates
        .unwrap()
        .listed
        .into_iter()
        .map(|it| {
            let outcome = it.outcome.map(|loaded| loaded.config.target.mode);
            (it.name, outcome.map_err(|complaints| complaints.len()))
        })
        .collect();
    assert_eq!(told.len(), 5);
    assert_eq!(told[0], (None, Ok(Mode::Mock)));
    assert_eq!(told[1], (Some("broken".into()), Err(2)));
    assert_eq!(told[2], (Some("quiet".into()), Ok(Mode::Mock)));
    assert_eq!(told[3], (Some("shop".into()), Ok(Mode::Local)));
    // A mode of its own, whatever else is set.
    assert!(!matches!(told[4].1, Ok(Mode::Local | Mode::Mock)));
    // Reading it all again is as strict as the start.
    assert_eq!(catalogue.load(&now).unwrap_err().len(), 2);
}

#[test]
fn of_very_many_profiles_the_first_are_listed_and_the_others_counted() {
    use std::fmt::Write as _;
    let many = (0..203).fold(String::new(), |mut text, number| {
        writeln!(text, "[profiles.p{number:03}]").unwrap();
        text
    });
    let given = given().config(&many);
    let catalogue = catalogue(&given);
    let profiles = catalogue.candidates(AlternativeKind::Profile, &Choice::default());
    let profiles = profiles.unwrap();
    // One of them is to use none.
    assert_eq!((profiles.listed.len(), profiles.unlisted), (201, 3));
    let modes = catalogue.candidates(AlternativeKind::Mode, &Choice::default());
    assert_eq!(modes.unwrap().unlisted, 0);
}

/// What could be rehearsed, in the order of the list, where this was chosen before.
#[track_caller]
fn check_rehearsals(given: &Given, now: &Choice, expected: &[RehearsalChoice]) {
    let candidates = catalogue(given).candidates(AlternativeKind::Mode, now);
    let found: Vec<_> = candidates
        .unwrap()
        .listed
        .into_iter()
        .filter(|it| it.choice.mode == Some(Mode::Mock))
        .map(|it| {
            let loaded = it.outcome.expect("mock mode is always possible");
            assert_eq!(loaded.config.target.mode, Mode::Mock);
            let played = loaded.config.adapter.rehearsal().map(|it| it.scenario);
            let meant = match it.choice.rehearsal {
                RehearsalChoice::AsConfigured => None,
                RehearsalChoice::Scenario(scenario) => Some(Some(scenario)),
                RehearsalChoice::OwnScript => Some(None),
            };
            assert_eq!(played, meant);
            it.choice.rehearsal
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn every_rehearsal_can_be_chosen_whatever_is_configured() {
    use RehearsalChoice::{AsConfigured, OwnScript};
    let scenarios = Scenario::ALL.map(RehearsalChoice::Scenario);
    let plain = [&[AsConfigured][..], &scenarios].concat();
    let own = [&scenarios[..], &[OwnScript]].concat();
    let start = Choice::default();
    check_rehearsals(&given(), &start, &plain);
    let database = given().url("postgres://me@db.example/app");
    check_rehearsals(&database, &start, &plain);
    let chosen = Choice {
        mode: Some(Mode::Mock),
        rehearsal: RehearsalChoice::Scenario(Scenario::Outage),
        ..Choice::default()
    };
    check_rehearsals(&given(), &chosen, &plain);
    // What the sources name has no second row.
    let flag = || given().flags(|flags| flags.scenario = Some("outage".into()));
    check_rehearsals(&flag(), &start, &scenarios);
    let script = |given: Given| given.env("DBVITALS_MOCK_SCRIPT", "5s refuse, calm");
    check_rehearsals(&script(given()), &start, &own);
    check_rehearsals(&script(flag()), &start, &own);
}

#[test]
fn a_chosen_rehearsal_wins_over_all_that_is_configured() {
    let slow = Choice {
        mode: Some(Mode::Mock),
        rehearsal: RehearsalChoice::Scenario(Scenario::Slow),
        ..Choice::default()
    };
    let given = given()
        .url("postgres://me@db.example/app")
        .env("DBVITALS_MOCK_SCRIPT", "5s refuse, calm");
    let loaded = chosen(&given, &slow);
    assert_eq!(loaded.config.target.to_string(), "in memory");
    let value = |key: &str| {
        let mut rows = loaded.settings.iter();
        rows.find(|row| row.key == key).unwrap().clone()
    };
    assert_eq!(value("mock.scenario").value.as_deref(), Some("slow"));
    assert_eq!(value("mock.scenario").origin, "chosen by you");
    assert_eq!(value("mock.script").value, None);
}

#[test]
fn what_was_chosen_may_be_gone() {
    let given = given().config(FILE);
    let complaints = catalogue(&given).load(&profile("gone")).unwrap_err();
    let words = "profile = gone (chosen by you): is no profile of the configuration any more";
    assert_eq!(complaints.to_string(), words);
}

/// From one file to another, these keys differ, and so they are followed.
#[track_caller]
fn check_changes(old: &str, new: &str, expected: &[(&str, Taking)]) {
    let url = "database_url = \"postgres://me:old@db.example/app\"\n";
    let load = |text: &str| given().config(&format!("{text}\n")).loaded();
    let with_url = |text: &str| {
        if text.contains("database_url") {
            load(text)
        } else {
            load(&format!("{url}{text}"))
        }
    };
    let (old, new) = (with_url(old), with_url(new));
    let found = changes(&old, &new);
    let told: Vec<_> = found.iter().map(|it| (it.key, it.taking)).collect();
    assert_eq!(told, expected);
    let needs_another = expected
        .iter()
        .any(|(_, taking)| *taking == Taking::NewConnection);
    assert_eq!(serves(&old, &new), !needs_another);
    let words = format!("{found:?}");
    assert!(!words.contains("me:old") && !words.contains("me:new"));
}

#[test]
fn a_difference_says_what_follows_it() {
    use Taking::{NewConnection, NextStart, Running};
    check_changes("", "", &[]);
    let quick = "health_check_interval = 9000\nretry_delay = 200";
    let followed = [("health_check_interval", Running), ("retry_delay", Running)];
    check_changes("", quick, &followed);
    check_changes("", "environment = \"test\"", &[("environment", Running)]);
    check_changes("", "tui.theme = \"light\"", &[("tui.theme", NextStart)]);
    check_changes("", "read_only = true", &[("read_only", NewConnection)]);
    // The mock's own are nothing to a server.
    check_changes("", "mock.latency = 50", &[("mock.latency", Running)]);
    let both = "slow_threshold = 50\npool_size = 3";
    let followed = [("pool_size", NewConnection), ("slow_threshold", Running)];
    check_changes("", both, &followed);
    let other = "database_url = \"postgres://me:old@other.example/app\"";
    check_changes("", other, &[("database_url", NewConnection)]);
    let mock = "mode = \"mock\"\ndatabase_url = \"postgres://me:old@db.example/app\"";
    check_changes("", mock, &[("mode", NewConnection)]);
}

#[test]
fn a_secret_that_differs_is_stars_on_both_sides() {
    let other = "database_url = \"postgres://me:new@db.example/app\"";
    check_changes("", other, &[("database_url", Taking::NewConnection)]);
    let url = "database_url = \"postgres://me@db.example/app\"";
    let with = |password: &str| {
        let line = format!("db.example:5432:app:me:{password}\n");
        given().config(url).file(".pgpass", &line).loaded()
    };
    let (old, new) = (with("old"), with("new"));
    let found = changes(&old, &new);
    let words = format!("{found:?}");
    assert_eq!(found.len(), 1, "{words}");
    assert_eq!(found[0].key, "password");
    assert_eq!(found[0].new.as_deref(), Some("***** (changed)"));
    assert!(!serves(&old, &new));
}
