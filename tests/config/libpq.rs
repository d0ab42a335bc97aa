//! What is taken from libpq's sources, in libpq's order.

use std::{path::PathBuf, time::Duration};

use dbvitals::{
    config::{Endpoint, RootCertificates, SslMode},
    domain::TransportSecurity,
};

use crate::fixture::{Given, given};

#[track_caller]
fn check(given: &Given, key: &str, value: &str, origin: &str) {
    assert_eq!(given.row(key), (value.to_owned(), origin.to_owned()));
}

#[track_caller]
fn check_refused(given: &Given, expected: &[&str]) {
    assert_eq!(given.complaints(), expected);
}

#[track_caller]
fn check_security(url: &str, security: TransportSecurity, warning: &str) {
    let config = given().url(url).loaded().config;
    assert_eq!(config.target.security, security, "{url}");
    assert_eq!(config.provenance.warnings.join("\n"), warning, "{url}");
}

fn tcp(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp {
        host: host.to_owned(),
        hostaddr: None,
        port,
    }
}

const SERVICE: &str = "[s]\nhost=service-host\nport=3\nuser=service-user\n";

#[test]
fn url_over_service_over_environment_over_default() {
    let given = given().url("postgres:///d?port=1&service=s");
    let given = given
        .file(".pg_service.conf", SERVICE)
        .env("PGUSER", "env-user");
    let given = given.env("PGPORT", "9").env("PGAPPNAME", "env-name");
    check(&given, "port", "1", "argument");
    check(&given, "dbname", "d", "argument");
    check(&given, "host", "service-host", "~/.pg_service.conf [s]");
    check(&given, "user", "service-user", "~/.pg_service.conf [s]");
    check(
        &given,
        "application_name",
        "env-name",
        "environment PGAPPNAME",
    );
    check(&given, "sslmode", "prefer", "default");
    assert_eq!(given.local().endpoint, tcp("service-host", 1));
}

#[test]
fn what_is_left_open_is_as_libpq_has_it() {
    let given = given().url("postgres://");
    let local = given.local();
    let Endpoint::Unix { folder, port } = local.endpoint else {
        panic!("{:?}", local.endpoint);
    };
    let known = ["/var/run/postgresql", "/tmp"].map(PathBuf::from);
    assert!(known.contains(&folder) && port == 5432);
    assert_eq!((&*local.user, &*local.database), ("tester", "tester"));
    assert_eq!(local.application_name, "dbvitals");
    assert_eq!(local.tls.mode, SslMode::Disable);
    check(&given, "user", "tester", "environment USER");
    check(&given, "dbname", "tester", "same as the user");
    check(&given, "sslmode", "disable", "a Unix socket has no TLS");
    check_refused(
        &given.unset("USER"),
        &[
            "user (default): is required: name it in the URL or in PGUSER, since neither USER nor \
           LOGNAME is set, nor does the system name the user: entity not found",
        ],
    );
}

/// Every variable that leads elsewhere.
fn led_astray(given: Given) -> Given {
    given
        .file(".pg_service.conf", "[s]\nhostaddr=10.0.0.3\nport=3\n")
        .env("PGSERVICE", "s")
        .env("PGHOST", "elsewhere")
        .env("PGHOSTADDR", "10.0.0.2")
        .env("PGPORT", "9")
        .env("PGDATABASE", "other")
}

#[test]
fn a_url_is_completed_by_the_environment_as_by_libpq_and_says_so() {
    let given = led_astray(given().url("postgres://me@staging.example"));
    let target = given.loaded().config.target.to_string();
    assert_eq!(target, "staging.example (10.0.0.3):3/other");
    let given = crate::fixture::given().url("postgres://me@staging.example:1/app");
    let given = given.env("PGHOSTADDR", "10.0.0.2");
    let target = given.loaded().config.target.to_string();
    assert_eq!(target, "staging.example (10.0.0.2):1/app");
    check(&given, "hostaddr", "10.0.0.2", "environment PGHOSTADDR");
}

#[test]
fn a_profile_that_names_its_host_is_led_nowhere_else() {
    let of = |url: &str| {
        let file = format!("[profiles.staging]\ndatabase_url = \"{url}\"\n");
        let given = led_astray(given().config(&file)).env("PGUSER", "me");
        let config = given
            .flags(|flags| flags.profile = Some("staging".into()))
            .loaded()
            .config;
        (config.target.to_string(), config.provenance.warnings)
    };
    let (target, warnings) = of("postgres://staging.example");
    assert_eq!(target, "staging.example:5432/me");
    let ignored = |name: &str| {
        format!("{name} is set and is not followed: the profile's database_url names its host")
    };
    for name in ["PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE"] {
        assert!(warnings.contains(&ignored(name)), "{name}: {warnings:?}");
    }
    assert!(!warnings.contains(&ignored("PGHOST")), "{warnings:?}");
    // What is named is not missed.
    let (target, warnings) = of("postgres://staging.example:1/app?hostaddr=10.0.0.9");
    assert_eq!(target, "staging.example (10.0.0.9):1/app");
    let names = |name: &str| warnings.contains(&ignored(name));
    assert!(!names("PGHOSTADDR") && !names("PGPORT") && !names("PGDATABASE"));
    // One that leaves the host open means libpq's.
    let (target, _) = of("postgres:///app");
    assert_eq!(target, "elsewhere (10.0.0.3):3/app");
}

#[test]
fn the_environment_alone_makes_a_url() {
    let given = given()
        .env("PGHOST", "h")
        .env("PGPORT", "6000")
        .env("PGUSER", "a@b")
        .env("PGPASSWORD", "p:/?#")
        .env("PGDATABASE", "d d");
    let database = given.loaded().config.database;
    let url = database.fields().database_url.as_ref().unwrap().expose();
    assert_eq!(url, "postgres://a%40b:p%3A%2F%3F%23@h:6000/d%20d");
    let local = given.local();
    assert_eq!(local.password.unwrap().expose(), "p:/?#");
    check(
        &given,
        "database_url",
        "postgres://a%40b:*****@h:6000/d%20d",
        "put together from libpq's sources",
    );
    check(&given, "password", "*****", "environment PGPASSWORD");
}

#[test]
fn the_target_is_named_by_port_or_socket() {
    let address = |url: &str| given().url(url).loaded().config.target.to_string();
    assert_eq!(address("postgres://h/d"), "h:5432/d");
    assert_eq!(address("postgres://h/%1B%5B2J"), "h:5432/<1B>[2J");
    assert_eq!(address("postgres://u@[::1]:1/d"), "[::1]:1/d");
    assert_eq!(address("postgres:///d?host=/s&port=7"), "/s/.s.PGSQL.7/d");
    // Whoever reads the name must know that another way is taken.
    assert_eq!(
        address("postgres://h/d?hostaddr=10.0.0.1"),
        "h (10.0.0.1):5432/d"
    );
    assert_eq!(
        address("postgres://[::1]:1/d?hostaddr=::2"),
        "[::1] (::2):1/d"
    );
    assert_eq!(
        address("postgres://10.0.0.1/d?hostaddr=10.0.0.1"),
        "10.0.0.1:5432/d"
    );
    assert_eq!(
        address("postgres:///d?hostaddr=10.0.0.1"),
        "10.0.0.1:5432/d"
    );
}

#[test]
fn the_way_there_is_judged_and_plain_text_is_said() {
    use TransportSecurity::{Encrypted, Opportunistic, Plain, ThisMachine, Verified};
    let advice = "set sslmode to verify-full, or at least to require";
    check_security("postgres:///d?host=/tmp", ThisMachine, "");
    check_security("postgres://localhost/d?sslmode=disable", ThisMachine, "");
    check_security("postgres://127.0.0.2/d", ThisMachine, "");
    check_security("postgres://[::1]/d", ThisMachine, "");
    check_security("postgres://h/d?hostaddr=127.0.0.1", ThisMachine, "");
    check_security("postgres://h/d?sslmode=verify-full", Verified, "");
    check_security("postgres://h/d?sslmode=verify-ca", Encrypted, "");
    check_security("postgres://h/d?sslmode=require", Encrypted, "");
    check_security(
        "postgres://h/d",
        Opportunistic,
        &format!(
            "password and data may travel in plain text to h:5432 (sslmode = prefer); {advice}"
        ),
    );
    check_security(
        "postgres://localhost/d?hostaddr=10.0.0.1&sslmode=disable",
        Plain,
        &format!(
            "password and data travel in plain text to localhost (10.0.0.1):5432 (sslmode = disable); {advice}"
        ),
    );
}

#[test]
fn the_password_file_is_used_last() {
    let pgpass = "h:*:other:*:no\nh:5432:d:tester:Zq9\n";
    let given = given().url("postgres://h/d").file(".pgpass", pgpass);
    check(&given, "password", "*****", "~/.pgpass:2");
    assert_eq!(given.local().password.unwrap().expose(), "Zq9");
    let given = given.env("PGPASSWORD", "env");
    check(&given, "password", "*****", "environment PGPASSWORD");
    let other = given.unset("PGPASSWORD").file("pass", "*:*:*:*:Zq8");
    let path = other.path("pass").to_str().unwrap().to_owned();
    let other = other.env("PGPASSFILE", &path);
    assert_eq!(other.local().password.unwrap().expose(), "Zq8");
}

#[test]
fn a_default_socket_is_called_localhost_in_the_password_file() {
    let password = |url: &str| {
        let given = given().file(".pgpass", "localhost:*:*:*:one\n/s:*:*:*:two\n");
        let local = given.url(url).local();
        local.password.map(|password| password.expose().to_owned())
    };
    assert_eq!(password("postgres:///d?host=/tmp").as_deref(), Some("one"));
    assert_eq!(password("postgres:///d?host=/s").as_deref(), Some("two"));
    assert_eq!(password("postgres:///d?host=/t"), None);
}

#[test]
fn a_password_file_that_others_may_read_is_not_used() {
    let given =
        given()
            .url("postgres://localhost/d")
            .file_with_mode(".pgpass", "*:*:*:*:Zq9", 0o640);
    assert!(given.local().password.is_none());
    assert_eq!(
        given.loaded().config.provenance.warnings,
        ["~/.pgpass is not used: other users may read it; its mode must be 600 or less"]
    );
}

#[test]
fn the_services_files_are_looked_through_in_order() {
    let given = given()
        .env("PGSERVICE", "s")
        .file("pg_service.conf", "[s]\nhost=system\n");
    check(&given, "host", "system", "~/pg_service.conf [s]");
    assert_eq!(
        given.loaded().config.provenance.mode_reason,
        "Mode chosen because PGSERVICE is set."
    );
    let given = given.file(".pg_service.conf", "[other]\nhost=o\n");
    check(&given, "host", "system", "~/pg_service.conf [s]");
    let given = given.file(".pg_service.conf", "[s]\nhost=personal\n");
    check(&given, "host", "personal", "~/.pg_service.conf [s]");
    check_refused(
        &given.env("PGSERVICE", "t"),
        &[
            "service = t (environment PGSERVICE): is not defined in ~/.pg_service.conf, ~/pg_service.conf",
        ],
    );
}

#[test]
fn a_service_file_that_is_named_must_exist() {
    let given = given()
        .env("PGSERVICE", "s")
        .env("PGSERVICEFILE", "/no/file");
    check_refused(
        &given.file("pg_service.conf", "[s]\nhost=system\n"),
        &[
            "service = s (environment PGSERVICE): /no/file cannot be read: No such file or directory (os error 2)",
        ],
    );
}

#[test]
fn everything_wrong_with_a_connection_is_said() {
    check_refused(
        &given()
            .env("PGHOST", "a,b")
            .env("PGPORT", "0")
            .env("PGHOSTADDR", "x")
            .env("PGCONNECT_TIMEOUT", "soon"),
        &[
            "connect_timeout = soon (environment PGCONNECT_TIMEOUT): must be a whole number of \
             seconds: invalid digit found in string",
            "port = 0 (environment PGPORT): must be one port between 1 and 65535",
            "hostaddr = x (environment PGHOSTADDR): must be one IP address: invalid IP address syntax",
            "host = a,b (environment PGHOST): names several hosts; only one can be watched",
        ],
    );
    check_refused(
        &given().url("postgres://h/d?sslmode=on&sslcert=/no/cert"),
        &[
            "sslmode = on (argument): must be one of disable, allow, prefer, require, verify-ca, \
             verify-full",
            "sslcert = /no/cert (argument): cannot be read: No such file or directory (os error 2)",
        ],
    );
    check_refused(
        &given().url("postgres://h/d?sslmod=require&foo=Zq9&gssencmode=1"),
        &[
            "database_url = postgres://h (argument): has the parameter sslmod, which is not supported, did \
           you mean sslmode?; has the parameter foo, which is not supported; has the parameter \
           gssencmode, which is not supported",
        ],
    );
}

#[test]
fn tls_files_are_named_or_in_libpqs_folder() {
    let tls = |given: &Given| given.local().tls;
    let given = given().url("postgres://h/d?sslmode=allow");
    assert_eq!(tls(&given).mode, SslMode::Prefer);
    assert_eq!(tls(&given).roots, RootCertificates::Unset);
    let given = given
        .file(".postgresql/root.crt", "r")
        .file(".postgresql/postgresql.crt", "c");
    let folder = given.path(".postgresql");
    assert_eq!(
        tls(&given).roots,
        RootCertificates::File(folder.join("root.crt"))
    );
    assert_eq!(tls(&given).client, None);
    let given = given.file(".postgresql/postgresql.key", "k");
    let client = tls(&given).client.unwrap();
    assert_eq!(client.certificate, folder.join("postgresql.crt"));
    assert_eq!(client.key, folder.join("postgresql.key"));
    let given = given.file("mine.crt", "r");
    let mine = given.path("mine.crt");
    let named = given.env("PGSSLROOTCERT", mine.to_str().unwrap());
    assert_eq!(tls(&named).roots, RootCertificates::File(mine));
}

#[test]
fn the_systems_authorities_demand_the_strictest_mode() {
    let tls = given().url("postgres://h/d?sslrootcert=system").local().tls;
    assert_eq!(
        (tls.mode, tls.roots),
        (SslMode::VerifyFull, RootCertificates::System)
    );
    check_refused(
        &given().url("postgres://h/d?sslrootcert=system&sslmode=require"),
        &["sslmode = require (argument): must be verify-full with sslrootcert = system"],
    );
}

#[test]
fn a_certificate_needs_its_key() {
    let given = given().file("c.crt", "c");
    let certificate = given.path("c.crt").to_str().unwrap().to_owned();
    check_refused(
        &given.url("postgres://h/d").env("PGSSLCERT", &certificate),
        &["sslcert = ~/c.crt (environment PGSSLCERT): needs sslkey too"],
    );
}

#[test]
fn the_shorter_of_both_timeouts_holds() {
    let given = given().url("postgres://h/d").env("PGCONNECT_TIMEOUT", "2");
    check(
        &given,
        "health_check_timeout",
        "2000",
        "environment PGCONNECT_TIMEOUT",
    );
    assert_eq!(given.local().timeout, Duration::from_secs(2));
    assert_eq!(
        given.loaded().config.watch.health_check_timeout,
        Duration::from_secs(2)
    );
    for no_limit in ["10", "0", "-1"] {
        let given = self::given()
            .url("postgres://h/d")
            .env("PGCONNECT_TIMEOUT", no_limit);
        check(&given, "health_check_timeout", "5000", "default");
    }
}

#[test]
fn a_variable_of_libpq_that_is_not_followed_is_said() {
    let given = given()
        .url("postgres://localhost/d")
        .env("PGCHANNELBINDING", "require");
    assert_eq!(
        given.loaded().config.provenance.warnings,
        ["PGCHANNELBINDING is set and is not followed"]
    );
}

#[test]
fn a_line_that_is_not_utf_8_spoils_no_other_line_of_the_password_file() {
    let with = |bytes: &[u8]| {
        let given = given().env("PGHOST", "h").file(".pgpass", "");
        std::fs::write(given.path(".pgpass"), bytes).unwrap();
        given.loaded()
    };
    let password = |bytes: &[u8]| {
        let loaded = with(bytes);
        let rows = loaded.connection.iter();
        let row = rows.clone().find(|row| row.key == "password").unwrap();
        (row.value.is_some(), row.origin.ends_with(".pgpass:2"))
    };
    assert_eq!(password(b"# caf\xe9\n*:*:*:*:Zq9\n"), (true, true));
    assert_eq!(password(b"x:*:*:*:caf\xe9\n*:*:*:*:Zq9\n"), (true, true));
    let warnings = |bytes: &[u8]| with(bytes).config.provenance.warnings.join("\n");
    let skipped = "~/.pgpass has lines that are not UTF-8 and were not used: 1";
    assert!(warnings(b"*:*:*:*:caf\xe9\n").contains(skipped));
    assert!(!warnings(b"# caf\xe9\n").contains("UTF-8"));
}
