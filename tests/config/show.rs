//! What `config show` and `config check` print.

use dbvitals::{
    cli::config::{Format, check, show},
    config::Fallback,
};
use serde_json::Value;

use crate::fixture::{Given, given};

fn shown(given: &Given, format: Format) -> String {
    let mut out = Vec::new();
    show(&given.loaded(), format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn checked(given: &Given, format: Format) -> String {
    let mut out = Vec::new();
    let result = given.load(Fallback::Refuse);
    check(result.as_ref(), format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn configured() -> Given {
    given()
        .env("DATABASE_URL", "postgres://u:Zq9@localhost/d")
        .set("tui.ascii=true")
}

#[test]
fn values_stand_with_their_origins() {
    insta::assert_snapshot!(shown(&configured(), Format::Table));
}

#[test]
fn values_are_json_too() {
    let json: Value = serde_json::from_str(&shown(&configured(), Format::Json)).unwrap();
    assert_eq!(json["mode"], "local");
    assert_eq!(json["target"]["address"], "localhost:5432");
    let find = |list: &str, key: &str| {
        let rows = json[list].as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).unwrap().clone()
    };
    let pool = find("settings", "pool_size");
    assert_eq!(
        (&pool["value"], &pool["origin"]),
        (&"10".into(), &"default".into())
    );
    assert_eq!(
        (&pool["unit"], &pool["meaning"]),
        (&"connections".into(), &"Connections at most.".into())
    );
    assert_eq!(
        find("settings", "database_url")["value"],
        "postgres://u:*****@localhost/d"
    );
    assert_eq!(find("connection", "password")["value"], "*****");
}

#[test]
fn a_valid_configuration_is_summed_up() {
    let given = given().env("DATABASE_URL", "postgres://u@h/d");
    assert_eq!(
        checked(&given, Format::Table),
        "configuration is valid\n\
         Mode chosen because database_url is set (environment DATABASE_URL).\n\
         target: h:5432/d as u, TLS where the server offers it\n\
         warning: password and data may travel in plain text to h:5432 (sslmode = prefer); set \
         sslmode to verify-full, or at least to require\n"
    );
    let json: Value = serde_json::from_str(&checked(&given, Format::Json)).unwrap();
    assert_eq!(json["valid"], true);
    assert_eq!(json["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn every_complaint_is_printed() {
    let given = given()
        .mode("mock")
        .set("pool_size=0")
        .set("max_retries=11");
    assert_eq!(
        checked(&given, Format::Table),
        "configuration is not valid\n\
         pool_size = 0 (flag --set pool_size): must be between 1 and 100\n\
         max_retries = 11 (flag --set max_retries): must be between 0 and 10\n"
    );
    let json: Value = serde_json::from_str(&checked(&given, Format::Json)).unwrap();
    assert_eq!(json["valid"], false);
    let first = &json["complaints"][0];
    assert_eq!(first["key"], "pool_size");
    assert_eq!(first["value"], "0");
    assert_eq!(first["problem"], "must be between 1 and 100");
    assert_eq!(first["origin"], "flag --set pool_size");
}
