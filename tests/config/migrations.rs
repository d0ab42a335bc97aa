//! The two keys of the migrations, and what they mean together with others.

use dbvitals::domain::{AutoMigrate, Secret};

use crate::fixture::given;

/// What a file makes of `auto_migrate`, and whether it warns of it.
#[track_caller]
fn check(text: &str, expected: AutoMigrate, warns: bool) {
    let config = given()
        .env("PGHOST", "localhost")
        .config(text)
        .loaded()
        .config;
    assert_eq!(config.watch.auto_migrate, expected, "{text}");
    let warned = config.provenance.warnings.iter();
    let warned = warned
        .filter(|words| words.contains("auto_migrate"))
        .count();
    assert_eq!(warned, usize::from(warns), "{text}");
}

#[test]
fn nothing_is_applied_unasked_unless_it_is_set() {
    check("", AutoMigrate::Off, false);
    check("auto_migrate = true", AutoMigrate::On, false);
    check(
        "auto_migrate = true\nread_only = true",
        AutoMigrate::Off,
        false,
    );
    check(
        "auto_migrate = true\nenvironment = 'Production'",
        AutoMigrate::Refused,
        true,
    );
    check(
        "auto_migrate = true\nenvironment = 'staging'",
        AutoMigrate::On,
        false,
    );
}

#[test]
fn the_ledger_has_a_schema_of_its_own_where_one_is_named() {
    let at_home = || given().env("PGHOST", "localhost");
    assert_eq!(at_home().local().ledger_schema, None);
    let named = at_home().env("DBVITALS_LEDGER_SCHEMA", "ops_2");
    assert_eq!(named.local().ledger_schema.as_deref(), Some("ops_2"));
    let emptied = at_home()
        .config("ledger_schema = 'ops'")
        .flags(|flags| flags.set = vec![Secret::new("ledger_schema=")]);
    assert_eq!(emptied.local().ledger_schema, None);
}

#[test]
fn a_schema_is_a_plain_name() {
    for name in ["Ops", "2ops", "my ops", "ops\"; drop", "öps", "a.b"] {
        let given = given()
            .env("PGHOST", "localhost")
            .env("DBVITALS_LEDGER_SCHEMA", name);
        let expected = format!(
            "ledger_schema = {name} (environment DBVITALS_LEDGER_SCHEMA): must be of lower-case \
             letters, digits and underscores, at most 63, no digit first"
        );
        assert_eq!(given.complaints(), [expected]);
    }
    let of_length = |length: usize| {
        let name = "x".repeat(length);
        let given = given().env("PGHOST", "localhost");
        given.env("DBVITALS_LEDGER_SCHEMA", &name)
    };
    assert_eq!(of_length(63).local().ledger_schema, Some("x".repeat(63)));
    assert_eq!(of_length(64).complaints().len(), 1);
}
