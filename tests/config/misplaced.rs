//! A connection URL or a project's key put where it does not belong: no place
//! shows the password or the key.

use proptest::prelude::*;

use crate::{
    fixture::{Given, given},
    secrets::{check_hidden, encoded, toml_text},
};

fn at_h() -> Given {
    given().env("PGHOST", "h")
}

fn in_the_file(url: &str) -> Vec<Given> {
    let text = toml_text(url);
    [
        format!("[{text}]"),
        format!("{text} = 1"),
        format!("{text} = 1\n{text} = 2"),
        format!("tui.{text} = 1"),
        format!("[profiles.{text}]\npool_size = 0"),
        format!("[profiles]\n{text} = 0"),
        format!("[profiles.x.{text}]\n"),
        format!("[profiles.x]\n{text} = 1"),
        format!("profile = {text}"),
        format!("pool_size = {text}"),
        format!("mode = {text}"),
        format!("supabase_url = {text}"),
        format!("environment = {text}"),
        format!("tui.theme = {text}"),
        format!("health_table = {text}"),
        format!("mock.scenario = {text}"),
        format!("mock.script = {text}"),
        format!("mock.script = [{text}]"),
        format!("mock.script = ['5s {url}']"),
        format!("read_only = {url}"),
        url.to_owned(),
        format!("profile = 'y'\n[profiles.{text}]"),
    ]
    .iter()
    .map(|text| at_h().config(text))
    .collect()
}

fn in_a_variable(url: &str) -> Vec<Given> {
    let mut all = vec![given().env(&format!("DBVITALS_{url}"), "1")];
    for name in [
        "DB_MODE",
        "DBVITALS_MODE",
        "DBVITALS_PROFILE",
        "DBVITALS_CONFIG",
        "DBVITALS_POOL_SIZE",
        "DBVITALS_ENVIRONMENT",
        "DBVITALS_TUI_THEME",
        "DBVITALS_READ_ONLY",
        "DBVITALS_HEALTH_TABLE",
        "DBVITALS_LEDGER_SCHEMA",
        "DBVITALS_MOCK_SCENARIO",
        "DBVITALS_MOCK_SCRIPT",
        "DB_POOL_SIZE",
        "SUPABASE_URL",
        "PGHOST",
        "PGHOSTADDR",
        "PGPORT",
        "PGDATABASE",
        "PGUSER",
        "PGPASSFILE",
        "PGSSLMODE",
        "PGSSLROOTCERT",
        "PGSSLCERT",
        "PGSSLKEY",
        "PGOPTIONS",
        "PGAPPNAME",
        "PGCONNECT_TIMEOUT",
        "PGSERVICE",
        "PGSERVICEFILE",
        "PGSYSCONFDIR",
        "USER",
        "HOME",
        "XDG_CONFIG_HOME",
    ] {
        let keep_home = |given: Given| {
            if name == "HOME" {
                given.unset("HOME")
            } else {
                given
            }
        };
        let keep_user = |given: Given| {
            if name == "USER" {
                given.unset("USER")
            } else {
                given
            }
        };
        all.push(keep_user(keep_home(given())).env(name, url));
        all.push(keep_user(keep_home(at_h().env("PGSSLMODE", "require"))).env(name, url));
        all.push(keep_user(keep_home(given().env("PGSERVICE", "s"))).env(name, url));
    }
    all
}

fn in_a_service(url: &str) -> Vec<Given> {
    let service = |text: &str| {
        let given = at_h().env("PGSERVICE", "s");
        given.file(".pg_service.conf", &format!("[s]\n{text}\n"))
    };
    let open = |text: &str| service(text).unset("PGHOST");
    vec![
        service(url),
        service(&format!("{url}=1")),
        open(&format!("host={url}")),
    ]
}

fn in_a_url(url: &str) -> Vec<Given> {
    let mut all = Vec::new();
    for parameter in [
        "host",
        "dbname",
        "user",
        "application_name",
        "options",
        "sslmode",
        "passfile",
    ] {
        all.push(given().env(
            "DATABASE_URL",
            &format!("postgres://h/d?{parameter}={}", encoded(url)),
        ));
    }
    all
}

fn in_a_flag(url: &str) -> Vec<Given> {
    let mut all = Vec::new();
    all.push(given().set(url));
    all.push(given().set(&format!("{url}?x=1")));
    for key in [
        "mode",
        "profile",
        "pool_size",
        "environment",
        "supabase_url",
        "tui.theme",
        "health_table",
        "mock.scenario",
        "mock.script",
    ] {
        all.push(given().set(&format!("{key}={url}")));
    }
    all.push(given().mode(url));
    all.push(given().flags(|flags| flags.profile = Some(url.to_owned())));
    all.push(given().flags(|flags| flags.scenario = Some(url.to_owned())));
    all.push(at_h().flags(|flags| flags.config = Some(url.into())));
    all
}

fn check_everywhere(url: &str) {
    let places = [
        in_the_file,
        in_a_variable,
        in_a_service,
        in_a_url,
        in_a_flag,
    ];
    for given in places.iter().flat_map(|place| place(url)) {
        check_hidden(&given);
    }
}

/// A label or a name that looks like a key is no label.
#[track_caller]
fn check_refused(given: &Given, expected: &str) {
    assert_eq!(given.complaints(), [expected]);
}

#[test]
fn a_label_or_a_name_that_looks_like_a_key_is_refused() {
    let key = "sb_secret_Zq9AbCdEfGh";
    let must = "must be a text that is neither a URL nor a key, nor holds a password";
    check_refused(
        &at_h().env("DBVITALS_ENVIRONMENT", key),
        &format!("environment = ***** (environment DBVITALS_ENVIRONMENT): {must}"),
    );
    check_refused(
        &at_h().flags(|flags| flags.profile = Some(key.into())),
        &format!("profile = ***** (flag --profile): {must}"),
    );
    check_refused(
        &at_h().config(&format!("[profiles.{key}]")),
        "profiles (config.toml:1): must not be named by a URL, a key or by what holds a password",
    );
    let project = given().env("SUPABASE_ANON_KEY", "sb_publishable_x");
    check_refused(
        &project.env("SUPABASE_URL", &format!("https://x.supabase.co/{key}")),
        "supabase_url = ***** (environment SUPABASE_URL): must be the project's address alone; a \
         key belongs into supabase_key",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Somebody puts the URL where it does not belong.
    #[test]
    fn no_misplaced_url_shows_its_password(odd in "[!-~éß]{0,6}") {
        for url in [
            format!("postgres://u:Zq9{odd}Zq9@h/d"),
            format!("mysql://u:Zq9{odd}Zq9@h"),
            format!("https://u:Zq9{odd}Zq9@h"),
            format!("u:Zq9{odd}Zq9@h"),
            format!("host=h password=Zq9{odd}Zq9"),
        ] {
            check_everywhere(&url);
        }
    }

    /// Somebody puts a key there.
    #[test]
    fn no_misplaced_key_is_shown(odd in "[A-Za-z0-9_-]{0,6}") {
        for key in [
            format!("sb_secret_Zq9{odd}Zq9AbCdEfGh_Zq9Zq9Zq9"),
            format!("sb_publishable_Zq9{odd}Zq9AbCdEfGh_Zq9Zq9Zq9"),
            format!("eyJhbGciOiJIUzI1NiJ9.Zq9{odd}Zq9AbCdEfGh.Zq9Zq9Zq9"),
        ] {
            check_everywhere(&key);
            for address in [
                format!("https://x.supabase.co/{key}"),
                format!("https://{key}.supabase.co"),
                format!("https://x.supabase.co:{key}"),
            ] {
                let project = given().env("SUPABASE_URL", &address);
                check_hidden(&project.env("SUPABASE_ANON_KEY", "sb_publishable_x"));
                check_hidden(&given().set(&format!("supabase_url={address}")));
                check_hidden(&given().config(&format!("supabase_url = '{address}'")));
            }
        }
    }
}
