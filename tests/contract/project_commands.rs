//! The commands in supabase mode, run as programs: what they print and how they
//! exit, through a proxy too, and that no key is in any of it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::standin::{Fault, Key, Standin, Token};

/// The program with a project and a key, away from the tests' own environment.
fn program(url: &str, key: &str, home: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dbvitals"));
    command
        .env_clear()
        .env("HOME", home.path())
        .env("USER", "tester")
        .env("SUPABASE_URL", url)
        .env("SUPABASE_ANON_KEY", key)
        .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "5000")
        .current_dir(home.path());
    command
}

fn text(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

/// Runs and checks the exit code; whatever was printed holds no key.
#[track_caller]
fn run(command: &mut Command, key: &str, exit: i32) -> String {
    let output = command.output().expect("the program runs");
    let printed = text(&output);
    assert!(!printed.contains(key), "{printed}");
    assert_eq!(output.status.code(), Some(exit), "{printed}");
    printed
}

#[test]
fn every_command_works_and_shows_no_key() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let url = standin.url();
    for key in Key::ALL.map(|key| standin.key(key)) {
        let ran = |words: &[&str], exit| run(program(&url, key, &home).args(words), key, exit);
        let checked: Value = serde_json::from_str(&ran(&["check", "--json"], 0)).unwrap();
        assert_eq!(checked["mode"], "supabase");
        assert_eq!(checked["details"]["rest"]["table"], "agents");
        assert!(ran(&["check"], 0).contains("  key "));
        let diagnosed: Value = serde_json::from_str(&ran(&["diagnose", "--json"], 0)).unwrap();
        assert!(diagnosed.to_string().contains("the gateway takes the key"));
        ran(&["wait", "--timeout", "20"], 0);
        assert!(ran(&["config", "show"], 0).contains("*****"));
        ran(&["config", "check"], 0);
        for words in [
            ["sql", "select 1"],
            ["migrate", "status"],
            ["migrate", "up"],
        ] {
            let said = ran(&words, 1);
            let words = "not supported in supabase mode without database_url";
            assert!(said.contains(words), "{said}");
            let next = "set database_url to the project's database too";
            assert!(said.contains(next), "{said}");
        }
        assert!(ran(&["migrate", "print"], 0).contains("create table agents"));
    }
}

#[test]
fn with_database_url_sql_goes_over_it() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Publishable);
    let mut command = program(&standin.url(), key, &home);
    command.env("DATABASE_URL", standin.cluster().url());
    let said = run(command.args(["sql", "select 6 * 7 as answer"]), key, 0);
    assert!(said.contains("42"), "{said}");
    let mut command = program(&standin.url(), key, &home);
    command.env("DATABASE_URL", standin.cluster().url());
    let said = run(command.args(["migrate", "status"]), key, 0);
    assert!(said.contains("0010"), "{said}");
    let mut command = program(&standin.url(), key, &home);
    command.env("DATABASE_URL", standin.cluster().url());
    let said = run(command.arg("diagnose"), key, 0);
    assert!(said.contains("database_url: PostgreSQL"), "{said}");
}

#[test]
fn a_key_that_somebody_repeats_is_shown_as_stars() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Secret);
    let body = json!({"code": "42501", "message": format!("no {key}"), "hint": key});
    for fault in [
        Fault::status(403).json(&body),
        Fault::status(500).body("text/plain", key),
        Fault::status(200).body("text/html", key),
        Fault::status(401).json(&json!({"message": key})),
        Fault::status(302).header("location", &format!("https://x/?apikey={key}")),
    ] {
        standin.fault(&fault);
        for words in [&["check"][..], &["check", "--json"], &["diagnose"]] {
            let mut command = program(&standin.url(), key, &home);
            let output = command.args(words).output().expect("the program runs");
            let printed = text(&output);
            assert!(!printed.contains(key), "{printed}");
        }
        standin.clear_faults();
    }
}

#[test]
fn a_refused_key_exits_with_1_and_silence_with_2() {
    let mut standin = Standin::start();
    let home = TempDir::new().unwrap();
    let forged = standin.token(Token::Forged).to_owned();
    let said = run(
        program(&standin.url(), &forged, &home).arg("check"),
        &forged,
        1,
    );
    assert!(said.contains("Gateway refused the key"), "{said}");
    let key = standin.key(Key::Secret).to_owned();
    standin.fault(&Fault::status(540).body("text/html", "<html>"));
    let said = run(program(&standin.url(), &key, &home).arg("check"), &key, 1);
    assert!(
        said.contains("resume it at https://supabase.com/dashboard"),
        "{said}"
    );
    standin.clear_faults();
    standin.stop();
    run(program(&standin.url(), &key, &home).arg("check"), &key, 2);
}

#[test]
fn heartbeats_are_requests_and_no_proxy_stands_before_this_machine() {
    let standin = Standin::start();
    let home = TempDir::new().unwrap();
    let mut child = program(&standin.url(), standin.key(Key::Secret), &home)
        .args(["watch", "--json", "--samples"])
        .env("DBVITALS_HEARTBEAT_INTERVAL", "200")
        // Nothing listens there.
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut answered = 0;
    for line in lines.map_while(Result::ok).take(200) {
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_ne!(line["status"], "error", "{line}");
        answered += usize::from(line["event"] == "sample" || line["type"] == "sample");
        if answered == 5 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(answered, 5);
}

/// A proxy that opens a way to one port, whatever host is asked for; tells what
/// it was asked.
fn proxy(to: u16) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte).unwrap();
            asked.push(byte[0]);
        }
        tell.send(String::from_utf8(asked).unwrap()).unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let (mut from_client, mut to_server) =
            (client.try_clone().unwrap(), server.try_clone().unwrap());
        // Both ways end with the program, or with the test.
        thread::spawn(move || std::io::copy(&mut from_client, &mut to_server));
        std::io::copy(&mut server, &mut client)
    });
    (port, told)
}

#[test]
fn a_proxy_opens_the_way_to_another_machine() {
    let standin = Standin::builder().tls("abc.supabase.co").start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Secret);
    let url = "https://abc.supabase.co";
    let (port, told) = proxy(standin.port());
    let mut command = program(url, key, &home);
    command
        .env("HTTPS_PROXY", format!("http://me:Zq9@127.0.0.1:{port}"))
        .env("SSL_CERT_FILE", standin.ca_path());
    let said = run(command.args(["check", "--json"]), key, 0);
    assert!(!said.contains("Zq9"), "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    let tls = said["details"]["tls"].as_str().unwrap();
    assert!(tls.starts_with("TLSv1."), "{tls}");
    assert_eq!(said["details"]["rest"]["service"], "project abc");
    let asked = told.recv().unwrap();
    assert!(
        asked.starts_with("CONNECT abc.supabase.co:443 HTTP/1.1"),
        "{asked}"
    );
    assert!(
        asked.to_lowercase().contains("proxy-authorization: basic"),
        "{asked}"
    );
    // One that is not there is named, and so is its variable.
    let mut command = program(url, key, &home);
    command.env("HTTPS_PROXY", "http://127.0.0.1:1");
    let said = run(command.arg("check"), key, 2);
    assert!(said.contains("proxy 127.0.0.1:1: "), "{said}");
    assert!(said.contains("HTTPS_PROXY"), "{said}");
}

#[test]
fn a_certificate_that_is_not_accepted_is_told_with_its_words() {
    let standin = Standin::builder().tls("localhost").start();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Secret);
    let trusting = |authority| {
        let mut command = program(&standin.url(), key, &home);
        command.env("SSL_CERT_FILE", authority);
        command
    };
    run(trusting(standin.ca_path()).arg("check"), key, 0);
    let mut diagnosing = trusting(standin.ca_path());
    let said = run(diagnosing.args(["diagnose", "--json"]), key, 0);
    assert!(said.contains("certificate accepted"), "{said}");
    let said = run(trusting(standin.stranger_ca_path()).arg("check"), key, 1);
    assert!(said.contains("kind TlsCertificate, layer tls"), "{said}");
    assert!(said.contains("SSL_CERT_FILE"), "{said}");
    let said = run(trusting(standin.stranger_ca_path()).arg("diagnose"), key, 1);
    assert!(said.contains("Broken at tls"), "{said}");
}

/// What a proxy does that opens no way.
#[derive(Debug, Clone, Copy)]
enum Odd {
    /// It says nothing.
    Silent,
    /// It answers this, and then waits for the client to go.
    Says(&'static str),
    /// It answers this and hangs up.
    HangsUp(&'static str),
}

/// A proxy that does so with everybody.
fn odd_proxy(odd: Odd) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut head = [0; 4096];
                drop(client.read(&mut head));
                match odd {
                    Odd::Silent => {}
                    Odd::Says(words) => drop(client.write_all(words.as_bytes())),
                    Odd::HangsUp(words) => return drop(client.write_all(words.as_bytes())),
                }
                // Whatever is said to it is taken until the client has gone.
                drop(std::io::copy(&mut client, &mut std::io::sink()));
            });
        }
    });
    port
}

#[test]
fn a_proxy_that_opens_no_way_is_blamed_itself() {
    let home = TempDir::new().unwrap();
    let key = "sb_secret_Zr5tQw8nYk3MvB1xJd6HcE";
    let login = "HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n";
    let plain = "HTTP/1.1 200 OK\r\n\r\nhello, this is no TLS at all";
    for (odd, words, exit) in [
        (Odd::Silent, "does not open the way", 2),
        (Odd::Says(login), "wants a login", 1),
        (Odd::HangsUp(login), "wants a login", 1),
        (Odd::Says("hello\r\n\r\n"), "", 1),
        (Odd::Says(plain), "", 1),
        (Odd::HangsUp("HTTP/1.1 200 OK\r\n\r\n"), "", 2),
        (
            Odd::HangsUp("HTTP/1.1 502 X\r\n\r\n"),
            "does not open the way",
            2,
        ),
    ] {
        let port = odd_proxy(odd);
        for what in ["check", "diagnose"] {
            let mut command = program("https://abc.supabase.co", key, &home);
            command
                .env("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))
                .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000");
            let said = run(command.arg(what), key, exit);
            let proxy = format!("proxy 127.0.0.1:{port}");
            assert!(said.contains(&proxy), "{odd:?} {what}: {said}");
            assert!(said.contains(words), "{odd:?} {what}: {said}");
            assert!(said.contains("NO_PROXY"), "{odd:?} {what}: {said}");
        }
    }
    // What is no port is not taken for another one.
    let mut command = program("https://abc.supabase.co", key, &home);
    command.env("HTTPS_PROXY", "http://127.0.0.1:99999");
    let said = run(command.arg("check"), key, 1);
    assert!(said.contains("the port of the proxy is no port"), "{said}");
    // Where it takes the requests themselves, the silence may be its own.
    let port = odd_proxy(Odd::Silent);
    let mut command = program("http://abc.supabase.co", key, &home);
    command
        .env("HTTP_PROXY", format!("http://127.0.0.1:{port}"))
        .env("DBVITALS_HEALTH_CHECK_TIMEOUT", "1000");
    let said = run(command.arg("check"), key, 2);
    assert!(said.contains("NO_PROXY"), "{said}");
}

#[test]
fn a_table_of_somebody_else_is_told_by_every_command() {
    let standin = Standin::builder().without_migrations().start();
    let sql = "create table agents (agent_id int primary key);
        grant select on agents to service_role";
    standin.cluster().sql(sql);
    standin.reload();
    let home = TempDir::new().unwrap();
    let key = standin.key(Key::Secret);
    let ran = |words: &[&str], exit| {
        let mut command = program(&standin.url(), key, &home);
        run(command.args(words), key, exit)
    };
    let said = ran(&["check"], 0);
    assert!(
        said.contains("schema: other columns than ours: agents"),
        "{said}"
    );
    let mut lenient = program(&standin.url(), key, &home);
    lenient.env("DBVITALS_REQUIRE_SCHEMA", "false");
    let said = run(lenient.args(["check", "--strict"]), key, 0);
    assert!(said.starts_with("healthy"), "{said}");
    let said = ran(&["diagnose"], 0);
    assert!(said.contains("other columns than ours: agents"), "{said}");
    assert!(said.contains("the database behind it answers"), "{said}");
}
