//! What a project's address and key come to.

use dbvitals::{
    config::SupabaseSection,
    domain::{KeyKind, Target, TransportSecurity},
};

use crate::{
    fixture::{Given, given},
    secrets::check_hidden,
};

/// `{"role":"anon"}` and `{"role":"service_role"}`, signed by nobody.
const ANON: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.Zq9";
const SERVICE: &str = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.Zq9";

fn project(url: &str, key: &str) -> Given {
    given()
        .env("SUPABASE_URL", url)
        .env("SUPABASE_ANON_KEY", key)
}

#[track_caller]
fn check(key: &str, kind: KeyKind, role: &str) -> (SupabaseSection, Target) {
    let given = project("https://abc.supabase.co/", key);
    let section = given.supabase();
    let target = given.loaded().config.target;
    assert_eq!((section.key_kind, target.role.as_str()), (kind, role));
    check_hidden(&given);
    (section, target)
}

#[test]
fn the_kind_of_a_key_and_its_role_are_known() {
    check("sb_publishable_Zq9", KeyKind::Publishable, "anon");
    check("sb_secret_Zq9", KeyKind::Secret, "service_role");
    check(ANON, KeyKind::LegacyAnon, "anon");
    let (section, target) = check(SERVICE, KeyKind::LegacyServiceRole, "service_role");
    assert_eq!(section.endpoint.base, "https://abc.supabase.co");
    assert_eq!(section.endpoint.project.as_deref(), Some("abc"));
    assert_eq!(target.to_string(), "abc.supabase.co");
    assert_eq!(target.security, TransportSecurity::Verified);
}

#[test]
fn a_key_of_no_known_form_is_sent_and_warned_about() {
    check("Zq9", KeyKind::Unknown, "");
    let warnings = project("https://x", "Zq9")
        .loaded()
        .config
        .provenance
        .warnings;
    assert!(warnings[0].starts_with("supabase_key is of no known form"));
}

#[test]
fn a_way_in_plain_text_is_warned_about_unless_it_stays_here() {
    let warnings = |url| {
        let loaded = project(url, "sb_secret_Zq9").loaded();
        loaded.config.provenance.warnings
    };
    let plain = warnings("http://db.example:8000");
    let words = "the key and the data travel in plain text to db.example: use https://";
    assert_eq!(plain, [words]);
    assert_eq!(warnings("http://localhost:8000"), [""; 0]);
}

#[test]
fn a_stack_on_this_machine_is_named() {
    let given = project("http://localhost:54321", "sb_secret_Zq9");
    assert!(given.supabase().endpoint.is_local_stack);
    let loaded = given.loaded();
    assert_eq!(loaded.config.target.to_string(), "localhost:54321");
    assert_eq!(
        loaded.config.target.security,
        TransportSecurity::ThisMachine
    );
    let reason = loaded.config.provenance.mode_reason;
    assert!(
        reason.ends_with("This is a local Supabase stack."),
        "{reason}"
    );
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let refused = |url: &str, key: &str| project(url, key).complaints();
    assert_eq!(
        refused("https://x?apikey=y", "sb_secret_Zq9"),
        [
            "supabase_url = ***** (environment SUPABASE_URL): must be the project's address alone, \
          without ? and #"
        ]
    );
    check_hidden(&project("https://x?apikey=Zq9", "sb_secret_Zq9"));
    for key in ["Zq9 Zq9", "Zq9\u{e9}"] {
        assert_eq!(
            refused("https://x", key),
            [
                "supabase_key = ***** (environment SUPABASE_ANON_KEY): must be of visible ASCII \
              characters, without spaces"
            ]
        );
        check_hidden(&project("https://x", key));
    }
}

#[test]
fn heartbeats_are_off_unless_they_are_set() {
    let plain = project("https://x", "sb_secret_Zq9");
    assert_eq!(plain.loaded().config.watch.heartbeat_interval, None);
    let origin = "off unless set in supabase mode".to_owned();
    assert_eq!(plain.row("heartbeat_interval"), ("0".to_owned(), origin));
    let set = project("https://x", "sb_secret_Zq9").set("heartbeat_interval=2000");
    let heartbeat = set.loaded().config.watch.heartbeat_interval;
    assert_eq!(heartbeat, Some(std::time::Duration::from_secs(2)));
}

#[test]
fn a_database_url_is_the_way_to_the_database_itself() {
    let without = project("https://x", "sb_secret_Zq9").env("PGHOST", "other");
    assert!(without.supabase().direct.is_none());
    let with = project("https://x", "sb_secret_Zq9")
        .env(
            "DATABASE_URL",
            "postgres://postgres:Zq9@db.x:5432/postgres?sslmode=require",
        )
        .set("health_table=_health_check")
        .set("read_only=true");
    let section = with.supabase();
    assert_eq!(section.health_table.as_deref(), Some("_health_check"));
    let direct = section.direct.expect("the way is there");
    assert_eq!((direct.user.as_str(), direct.read_only), ("postgres", true));
    assert_eq!(with.row("host").0, "db.x");
    check_hidden(&with);
}
