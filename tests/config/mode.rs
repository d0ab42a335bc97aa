//! Which mode is chosen and how that is said.

use dbvitals::{config::Fallback, domain::Mode};

use crate::fixture::{Given, given};

#[track_caller]
fn check(given: &Given, mode: Mode, reason: &str) {
    let config = given.loaded().config;
    assert_eq!((config.target.mode, config.database.mode()), (mode, mode));
    assert_eq!(config.provenance.mode_reason, reason);
}

#[track_caller]
fn check_refused(given: &Given, expected: &[&str]) {
    assert_eq!(given.complaints(), expected);
}

#[test]
fn a_mode_that_is_set_is_taken() {
    check(
        &given().mode("mock"),
        Mode::Mock,
        "Mode chosen because mode = mock by flag --mode.",
    );
    check(
        &given().config("\nmode = 'local'\ndatabase_url = 'postgres://h/d'"),
        Mode::Local,
        "Mode chosen because mode = local in config.toml:2.",
    );
    check(
        &given().env("DB_MODE", "mock"),
        Mode::Mock,
        "Mode chosen because mode = mock in environment DB_MODE.",
    );
}

#[test]
fn local_is_chosen_by_a_url_or_by_libpqs_variables() {
    check(
        &given().env("DATABASE_URL", "postgres://h/d"),
        Mode::Local,
        "Mode chosen because database_url is set (environment DATABASE_URL).",
    );
    check(
        &given().env("PGHOST", "h"),
        Mode::Local,
        "Mode chosen because PGHOST is set.",
    );
    check(
        &given()
            .url("postgres://h/d")
            .env("SUPABASE_URL", "https://x.supabase.co"),
        Mode::Local,
        "Mode chosen because a database URL is given as argument.",
    );
    check(
        &given()
            .env("PGHOST", "h")
            .env("SUPABASE_URL", "https://x.supabase.co"),
        Mode::Local,
        "Mode chosen because PGHOST is set (supabase_url is set, but not supabase_key).",
    );
}

#[test]
fn only_the_screen_falls_back_to_mock() {
    let given = given().env("SUPABASE_ANON_KEY", "Zq9");
    check(
        &given,
        Mode::Mock,
        "Mode chosen because no database is configured (supabase_key is set, but not supabase_url).",
    );
    let provenance = given.loaded().config.provenance;
    assert!(provenance.is_fallback);
    assert_eq!(
        provenance.warnings,
        [
            "Nothing is persisted in mock mode. To watch a database, set DATABASE_URL (or PGHOST or \
          PGSERVICE) or SUPABASE_URL and SUPABASE_ANON_KEY, or give a postgres:// URL."
        ]
    );
    check_refused(
        &given,
        &[
            "mode (default): is required, since no database is configured (supabase_key is set, but \
           not supabase_url): set DATABASE_URL (or PGHOST or PGSERVICE) or SUPABASE_URL \
           and SUPABASE_ANON_KEY, or give a postgres:// URL, or choose --mode mock",
        ],
    );
}

#[test]
fn mock_on_request_is_no_fallback() {
    let loaded = given().mode("mock").load(Fallback::Refuse).unwrap();
    let provenance = loaded.config.provenance;
    assert!(!provenance.is_fallback);
    assert_eq!(
        provenance.warnings,
        [
            "Nothing is persisted in mock mode. To watch a database, choose --mode local and set \
          DATABASE_URL (or PGHOST or PGSERVICE) or SUPABASE_URL and SUPABASE_ANON_KEY, or give a \
          postgres:// URL."
        ]
    );
}

#[test]
fn local_needs_an_address() {
    check_refused(
        &given().mode("local"),
        &[
            "database_url = absent (default): is required in local mode; PGHOST or PGSERVICE would do too",
        ],
    );
}

#[test]
fn supabase_is_chosen_by_its_url_and_key_before_a_database_url() {
    check(
        &given()
            .env("SUPABASE_URL", "https://x.supabase.co")
            .env("SUPABASE_ANON_KEY", "sb_publishable_Zq9")
            .env("DATABASE_URL", "postgres://h/d"),
        Mode::Supabase,
        "Mode chosen because supabase_url (environment SUPABASE_URL) and supabase_key \
         (environment SUPABASE_ANON_KEY) are set.",
    );
}

#[test]
fn supabase_needs_an_address_and_a_key() {
    check_refused(
        &given().mode("supabase"),
        &[
            "supabase_url = absent (default): is required in supabase mode",
            "supabase_key = absent (default): is required in supabase mode",
        ],
    );
    check_refused(
        &given()
            .mode("mock")
            .env("SUPABASE_URL", "https://u:Zq9@x.supabase.co"),
        &[
            "supabase_url = ***** (environment SUPABASE_URL): must be an http:// or https:// URL \
           without user or password",
        ],
    );
}

#[test]
fn a_url_as_argument_goes_with_local_mode_only() {
    check_refused(
        &given().url("postgres://h/d").config("mode = 'mock'"),
        &[
            "mode = mock (config.toml:1): does not go with a URL as argument, which is watched in \
           local mode; add --mode local or leave the URL out",
        ],
    );
    check(
        &given()
            .url("postgres://h/d")
            .config("mode = 'mock'")
            .mode("local"),
        Mode::Local,
        "Mode chosen because mode = local by flag --mode.",
    );
}
