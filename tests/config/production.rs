//! What makes a database a production outlasts a profile that leads to the same one.

use std::sync::Arc;

use dbvitals::config::{Catalogue, Choice, FixedEnv, Loaded, ProfileChoice};

use crate::fixture::{Given, given};

const FILE: &str = "[profiles.dev]\n\
                    environment = \"dev\"\n\
                    slow_threshold = 100\n\
                    [profiles.same]\n\
                    database_url = \"postgres://other@LOCALHOST:6000/app\"\n\
                    environment = \"dev\"\n\
                    [profiles.near]\n\
                    database_url = \"postgres://me@127.0.0.1:6000/test\"\n\
                    environment = \"dev\"\n\
                    [profiles.web]\n\
                    supabase_url = \"https://x.supabase.co/rest/v1/\"\n\
                    supabase_key = \"sb_publishable_y\"\n\
                    environment = \"dev\"\n\
                    [profiles.key]\n\
                    supabase_key = \"sb_publishable_y\"\n\
                    environment = \"dev\"\n\
                    [profiles.toy]\n\
                    mode = \"mock\"\n\
                    environment = \"dev\"\n";

const URL: &str = "postgres://me@127.0.0.1:6000/app";

fn by_key(given: &Given, profile: &str) -> Loaded {
    let env: FixedEnv = given.variables().iter().cloned().collect();
    let home = given.home.path().into();
    let choice = Choice {
        profile: ProfileChoice::Named(profile.to_owned()),
        ..Choice::default()
    };
    let catalogue = Catalogue::new(given.given_flags(), Arc::new(env), home);
    catalogue.load(&choice).expect("it is valid")
}

/// With this profile, chosen by key and at the start, this is the label.
#[track_caller]
fn check(given: impl Fn() -> Given, profile: &str, expected: &str) {
    let chosen = by_key(&given(), profile);
    let named = given().flags(|flags| flags.profile = Some(profile.to_owned()));
    for (way, loaded) in [("by key", chosen), ("at the start", named.loaded())] {
        let provenance = &loaded.config.provenance;
        let label = provenance.environment.as_deref();
        assert_eq!(label, Some(expected), "{profile}, {way}");
        let mut rows = loaded.settings.iter();
        let row = rows.find(|row| row.key == "environment");
        assert_eq!(row.unwrap().value.as_deref(), Some(expected), "{way}");
    }
}

fn from_variable() -> Given {
    let given = given().config(FILE).env("DATABASE_URL", URL);
    given.env("DBVITALS_ENVIRONMENT", "production")
}

fn from_flag() -> Given {
    let given = given().config(FILE).env("DATABASE_URL", URL);
    given.set("environment=Production")
}

fn from_file() -> Given {
    given().config(&format!(
        "database_url = \"{URL}\"\nenvironment = \"production\"\n{FILE}"
    ))
}

fn project() -> Given {
    given().config(&format!(
        "supabase_url = \"https://x.supabase.co\"\nsupabase_key = \"sb_publishable_x\"\n\
         environment = \"production\"\n{FILE}"
    ))
}

#[test]
fn a_label_alone_does_not_make_a_production_anything_else() {
    check(from_variable, "dev", "production");
    check(from_flag, "dev", "Production");
    check(from_file, "dev", "production");
    check(project, "key", "production");
}

#[test]
fn another_way_to_the_same_database_leads_to_a_production_too() {
    // At the start the variable's URL wins over the profile's.
    check(from_file, "same", "production");
    let chosen = by_key(&from_variable(), "same").config;
    assert_eq!(chosen.target.role, "other");
    assert!(chosen.provenance.is_production());
    check(project, "web", "production");
    // At the start the project is still what is watched.
    let named = project().flags(|flags| flags.profile = Some("near".to_owned()));
    assert!(named.loaded().config.provenance.is_production());
    let chosen = by_key(&project(), "near").config;
    assert_eq!(chosen.provenance.environment.as_deref(), Some("dev"));
}

#[test]
fn a_profile_with_a_database_of_its_own_names_that_one() {
    check(from_file, "near", "dev");
    check(from_file, "toy", "dev");
    let chosen = by_key(&from_variable(), "near").config;
    assert_eq!(chosen.provenance.environment.as_deref(), Some("dev"));
    let chosen = by_key(&from_variable(), "web").config;
    assert_eq!(chosen.provenance.environment.as_deref(), Some("dev"));
}

#[test]
fn what_is_no_production_is_called_as_the_profile_says() {
    let test = || {
        let given = given().config(FILE).env("DATABASE_URL", URL);
        given.config(&format!("environment = \"test\"\n{FILE}"))
    };
    check(test, "dev", "dev");
}

#[test]
fn nothing_is_migrated_unasked_in_a_production_that_a_profile_calls_otherwise() {
    let given = from_variable().env("DBVITALS_AUTO_MIGRATE", "true");
    let config = by_key(&given, "dev").config;
    assert!(config.watch.auto_migrate.refused().is_some());
}

#[test]
fn a_profile_whose_own_database_is_not_the_one_says_so() {
    let warning = "profile near names a database_url of its own, and environment DATABASE_URL is \
                   used in its place";
    let other = "postgres://me@other.example/app";
    let tells = |loaded: &Loaded| {
        let warnings = &loaded.config.provenance.warnings;
        warnings.iter().any(|it| it == warning)
    };
    let near = |given: Given| given.flags(|flags| flags.profile = Some("near".to_owned()));
    let given = || given().config(FILE);
    assert!(tells(&near(given().env("DATABASE_URL", other)).loaded()));
    // Whoever gives the address here and now knows it.
    assert!(!tells(&near(given().url(other)).loaded()));
    assert!(!tells(&near(given()).loaded()));
    let by_key = by_key(&given().env("DATABASE_URL", other), "near");
    assert!(!tells(&by_key));
}
