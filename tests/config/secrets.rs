//! No password or key is ever printed, whatever characters it is made of and
//! wherever it stands.

use dbvitals::{
    cli::config::{Format, check, show},
    config::{Complaints, Fallback, Loaded},
};
use proptest::prelude::*;

use crate::fixture::{Given, given};

/// Everything that can be printed of a result.
fn printed(result: &Result<Loaded, Complaints>) -> String {
    let mut text = format!("{result:?}{result:#?}").into_bytes();
    for format in [Format::Table, Format::Json] {
        check(result.as_ref(), format, &mut text).unwrap();
        if let Ok(loaded) = result {
            show(loaded, format, &mut text).unwrap();
        }
    }
    if let Err(complaints) = result {
        text.extend(complaints.to_string().bytes());
    }
    String::from_utf8(text).unwrap()
}

#[track_caller]
pub(crate) fn check_hidden(given: &Given) {
    let settings = given.settings();
    assert!(!settings.contains("Zq9"), "{settings}");
    for fallback in [Fallback::Mock, Fallback::Refuse] {
        let text = printed(&given.load(fallback));
        assert!(!text.contains("Zq9"), "{text}");
    }
}

pub(crate) fn encoded(password: &str) -> String {
    use std::fmt::Write as _;
    password.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The mark stands at both ends, so that a URL cut anywhere shows it.
    #[test]
    fn no_url_shows_its_password(odd in "[ -~éß]{0,8}", odd_too in "[@:/?#%&=\\[\\]]{0,3}") {
        let password = format!("Zq9{odd}{odd_too}Zq9");
        let hidden = encoded(&password);
        for url in [
            format!("postgres://u:{password}@h/d"),
            format!("postgres://:{password}@h/d"),
            format!("postgres://u:{password}@/d"),
            format!("postgres://u:1{odd_too}{password}@h:1/d"),
            format!("postgres://h/d?password={password}"),
            format!("postgres://h/d?passwort={password}"),
            format!("postgres://h/d?sslmode=require&password={hidden}"),
            format!("postgres://u:{hidden}@h:5433/d"),
            format!("host=h password={password}"),
            password.clone(),
        ] {
            check_hidden(&given().env("DATABASE_URL", &url));
            check_hidden(&given().url(&url));
            check_hidden(&given().set(&format!("database_url={url}")));
        }
    }

    #[test]
    fn no_other_source_shows_its_secret(odd in "[ -~éß]{0,8}") {
        let secret = format!("Zq9{odd}Zq9");
        let at_h = || given().env("PGHOST", "h");
        check_hidden(&at_h().env("PGPASSWORD", &secret));
        check_hidden(&given().env("PGPASSWORD", &secret).url("postgres://h/d?sslmod=x"));
        check_hidden(&at_h().file(".pgpass", &format!("*:*:*:*:{}", secret.replace(':', "\\:"))));
        check_hidden(&given().env("PGSERVICE", "s").file(".pg_service.conf", &format!("[s]\nhost=h\npassword={secret}\n")));
        check_hidden(&given().env("PGSERVICE", "s").file(".pg_service.conf", &format!("[s]\npasswort={secret}\n")));
        check_hidden(&given().env("SUPABASE_ANON_KEY", &secret));
        check_hidden(&given().set(&format!("supabase_key={secret}")));
        check_hidden(&given().set(&format!("supabase_kez={secret}")));
        check_hidden(&at_h().config(&format!("supabase_key = {}", toml_text(&secret))));
        check_hidden(&at_h().config(&format!("supabase_kez = {}", toml_text(&secret))));
        check_hidden(&at_h().config(&format!("supabase_key = \"{secret}")));
        check_hidden(&at_h().config(&format!("supabase_key = [{}]", toml_text(&secret))));
        check_hidden(&at_h().config(&format!("supabase_url = {}", toml_text(&format!("https://u:{secret}@h")))));
    }
}

pub(crate) fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn a_password_on_the_command_line_is_refused_with_the_reason() {
    let shows = "would show in the process list; put it into the environment, a configuration \
                 file or ~/.pgpass";
    let expect = |given: Given, line: &str| assert_eq!(given.complaints(), [line]);
    expect(
        given().url("postgres://u:Zq9@h/d"),
        &format!(
            "database_url = postgres://u:*****@h/d (argument): a URL with a password given here {shows}"
        ),
    );
    expect(
        given().url("postgres://h/d?password=Zq9"),
        &format!(
            "database_url = postgres://:*****@h/d (argument): a URL with a password given here {shows}"
        ),
    );
    expect(
        given().set("database_url=postgres://u:Zq9@h/d"),
        &format!(
            "database_url = postgres://u:*****@h/d (flag --set database_url): a URL with a \
             password given here {shows}"
        ),
    );
    expect(
        given().mode("mock").set("supabase_key=Zq9"),
        &format!("supabase_key = ***** (flag --set supabase_key): a key given here {shows}"),
    );
}

#[test]
fn a_file_with_a_secret_that_others_may_read_is_warned_about() {
    let text = "database_url = 'postgres://u:Zq9@localhost/d'";
    let warnings = |text: &str, mode: u32| {
        let given = given()
            .mode("mock")
            .file_with_mode("config.toml", text, mode);
        given.loaded().config.provenance.warnings.join("\n")
    };
    let warned = "config.toml holds a password or key and other users may read it: chmod 600 ";
    assert!(warnings(text, 0o640).contains(warned));
    assert!(warnings("[profiles.x]\nsupabase_key = 'Zq9'", 0o604).contains(warned));
    assert!(!warnings(text, 0o600).contains(warned));
    assert!(!warnings("database_url = 'postgres://u@localhost/d'", 0o644).contains(warned));
}
