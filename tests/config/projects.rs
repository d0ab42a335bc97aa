//! Which database belongs to a project: what a profile takes from elsewhere, and
//! what names tell.

use std::sync::Arc;

use dbvitals::{
    config::{AdapterSection, Catalogue, Choice, Config, FixedEnv, ProfileChoice},
    domain::Mode,
};

use crate::fixture::{Given, given};

const KEY: &str = "sb_secret_Zq9";

const PROD: &str = "postgres://me@prod.example/app";

const PROFILES: &str = "[profiles.staging]\n\
                        supabase_url = \"https://abc.supabase.co\"\n\
                        supabase_key = \"sb_secret_Zq9\"\n\
                        [profiles.keyless]\n\
                        supabase_url = \"https://abc.supabase.co\"\n\
                        [profiles.both]\n\
                        supabase_url = \"https://abc.supabase.co\"\n\
                        supabase_key = \"sb_secret_Zq9\"\n\
                        database_url = \"postgres://me@db.abc.supabase.co/postgres\"\n\
                        [profiles.emptied]\n\
                        supabase_url = \"https://abc.supabase.co\"\n\
                        supabase_key = \"sb_secret_Zq9\"\n\
                        database_url = \"\"\n";

/// Where SQL goes with this profile, given by flag and chosen by key.
fn with_profile(given: Given, name: &str) -> [Config; 2] {
    let env: FixedEnv = given.variables().iter().cloned().collect();
    let catalogue = Catalogue::new(given.given_flags(), Arc::new(env), given.home.path().into());
    let choice = Choice {
        profile: ProfileChoice::Named(name.to_owned()),
        ..Choice::default()
    };
    let chosen = catalogue.load(&choice);
    let chosen = chosen.unwrap_or_else(|complaints| panic!("{complaints}"));
    let given = given.flags(|flags| flags.profile = Some(name.to_owned()));
    [given.loaded().config, chosen.config]
}

#[track_caller]
fn check(given: Given, profile: &str, direct: Option<&str>) {
    for config in with_profile(given, profile) {
        assert_eq!(config.target.mode, Mode::Supabase);
        assert_eq!(config.target.to_string(), "abc.supabase.co");
        let found = config.direct.as_ref().map(ToString::to_string);
        assert_eq!(found.as_deref(), direct);
        assert_eq!(
            config.written().to_string(),
            direct.unwrap_or("abc.supabase.co")
        );
        let AdapterSection::Supabase(section) = config.adapter else {
            panic!("it is a project");
        };
        assert_eq!(section.direct.is_some(), direct.is_some());
    }
}

/// With this database named in each place that is for everybody.
fn places(profiles: &str) -> [Given; 4] {
    let service = "[prod]\nhost=prod.example\nuser=me\ndbname=app\n";
    [
        given().config(&format!("database_url = \"{PROD}\"\n{profiles}")),
        given().config(profiles).env("DATABASE_URL", PROD),
        given().config(profiles).env("DBVITALS_DATABASE_URL", PROD),
        given()
            .config(profiles)
            .file(".pg_service.conf", service)
            .env("PGSERVICE", "prod")
            .env("PGHOST", "prod.example"),
    ]
}

#[test]
fn a_profile_that_names_a_project_takes_no_database_from_elsewhere() {
    for given in places(PROFILES) {
        check(given, "staging", None);
    }
    for given in places(PROFILES) {
        check(given, "emptied", None);
    }
    for given in places(PROFILES) {
        let keyed = given.env("SUPABASE_ANON_KEY", KEY);
        // A key of the environment is no word about a database.
        let [by_flag, _] = with_profile(keyed, "staging");
        assert_eq!(by_flag.direct, None);
    }
}

#[test]
fn its_own_database_and_that_of_the_command_line_are_taken() {
    let own = "db.abc.supabase.co:5432/postgres";
    for given in places(PROFILES) {
        check(given, "both", Some(own));
    }
    let set = given()
        .config(PROFILES)
        .set(&format!("database_url={PROD}"))
        .flags(|flags| flags.profile = Some("staging".into()));
    let config = set.loaded().config;
    assert_eq!(config.written().to_string(), "prod.example:5432/app");
}

#[test]
fn a_project_without_a_key_is_no_database_of_somebody_else() {
    for given in places(PROFILES) {
        let given = given.flags(|flags| flags.profile = Some("keyless".into()));
        let complaints = given.complaints();
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with("supabase_key"), "{complaints:?}");
    }
    for given in places(PROFILES) {
        let given = given.flags(|flags| flags.profile = Some("staging".into()));
        let complaints = given.mode("local").complaints();
        let words = "the profile names a project, so it must name that project's database too";
        assert!(complaints[0].ends_with(words), "{complaints:?}");
    }
}

#[test]
fn without_profiles_address_and_database_go_together() {
    let config = given()
        .env("SUPABASE_URL", "https://abc.supabase.co")
        .env("SUPABASE_ANON_KEY", KEY)
        .env("DATABASE_URL", PROD)
        .loaded()
        .config;
    assert_eq!(config.target.to_string(), "abc.supabase.co");
    let direct = config.direct.expect("the way is there");
    assert_eq!(direct.to_string(), "prod.example:5432/app");
    assert_eq!((direct.mode, direct.role.as_str()), (Mode::Supabase, "me"));
}

/// What is wrong with a project `abc` and this database.
fn named(database: &str) -> Given {
    given()
        .env("SUPABASE_URL", "https://abc.supabase.co")
        .env("SUPABASE_ANON_KEY", KEY)
        .env("DATABASE_URL", database)
}

#[test]
fn a_database_of_another_project_is_refused_by_both_names() {
    let words = "database_url (environment DATABASE_URL): is the database of project xyz, and \
                 supabase_url names project abc: what is watched and what is written must be \
                 one project";
    let pooler = "aws-0-eu-central-1.pooler.supabase.com:6543/postgres";
    for database in [
        "postgres://postgres:Zq9@db.xyz.supabase.co/postgres",
        &format!("postgres://postgres.xyz:Zq9@{pooler}"),
    ] {
        assert_eq!(named(database).complaints(), [words]);
    }
    for database in [
        "postgres://postgres:Zq9@db.abc.supabase.co/postgres",
        &format!("postgres://postgres.abc:Zq9@{pooler}"),
        "postgres://postgres.xyz:Zq9@db.example/postgres",
    ] {
        let config = named(database).loaded().config;
        assert!(config.direct.is_some());
    }
}
