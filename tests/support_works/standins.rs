//! The stand-in for a hosted Supabase project: who gets in, what is answered in
//! the place of the truth, and that nothing of it stays behind.

use std::{
    io::ErrorKind,
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    LIMIT,
    support::{
        cluster::StopMode,
        process::{Signal, is_alive, signal, wait_until},
        standin::{Answer, Fault, Key, Request, Standin, Token},
    },
};

/// One row of one of our tables.
const AGENTS: &str = "/rest/v1/agents?select=name&limit=1";

/// Asks with a key, as our kind of client does.
#[track_caller]
fn get(standin: &Standin, target: &str, key: &str) -> Answer {
    ask(standin, target, &[("apikey", key)])
}

#[track_caller]
fn ask(standin: &Standin, target: &str, headers: &[(&str, &str)]) -> Answer {
    let answer = standin.send(&Request::get(target, headers));
    answer.expect("the stand-in answers")
}

/// Status and code of an answer.
#[track_caller]
fn check(answer: &Answer, status: u16, code: &str) {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (status, code),
        "{answer:?}"
    );
}

#[test]
fn each_kind_of_key_opens_what_it_may_and_no_other_key_anything() {
    let standin = Standin::start();
    let insert = "insert into agents (name, type) values ('one', 'codex')";
    standin.cluster().sql(insert);
    for key in Key::ALL {
        let answer = get(&standin, AGENTS, standin.key(key));
        match key {
            Key::Secret | Key::LegacyServiceRole => {
                check(&answer, 200, "");
                assert_eq!(answer.json(), json!([{ "name": "one" }]));
            }
            // Reachable and known, and not allowed.
            Key::Publishable | Key::LegacyAnon => check(&answer, 401, "42501"),
        }
        let health = get(&standin, "/auth/v1/health", standin.key(key));
        check(&health, 200, "");
    }
    for (headers, words) in [
        (vec![], "No API key found"),
        (
            vec![("apikey", "sb_secret_of-somebody-else")],
            "Invalid API key",
        ),
        (
            vec![("authorization", standin.key(Key::Secret))],
            "No API key found",
        ),
    ] {
        for target in [AGENTS, "/auth/v1/health", "/rest-admin/v1/ready"] {
            let answer = ask(&standin, target, &headers);
            check(&answer, 401, "");
            assert!(answer.body.contains(words), "{answer:?}");
        }
    }
}

#[test]
fn a_token_of_ones_own_counts_while_it_is_good() {
    let standin = Standin::start();
    let key = standin.key(Key::Publishable);
    for (token, status, code) in [
        (Token::Authenticated, 200, ""),
        (Token::Forged, 401, "PGRST301"),
        (Token::Expired, 401, "PGRST303"),
    ] {
        let bearer = format!("Bearer {}", standin.token(token));
        let headers = [("apikey", key), ("authorization", &bearer)];
        check(&ask(&standin, AGENTS, &headers), status, code);
    }
}

#[test]
fn the_legacy_keys_change_with_the_secret_that_signs_them() {
    let secret = "another-secret-for-tests-of-more-than-32-bytes";
    let [one, other] = [
        Standin::start(),
        Standin::builder().jwt_secret(secret).start(),
    ];
    assert_ne!(
        one.key(Key::LegacyServiceRole),
        other.key(Key::LegacyServiceRole)
    );
    let own = get(&other, AGENTS, other.key(Key::LegacyServiceRole));
    check(&own, 200, "");
    check(
        &get(&other, AGENTS, one.key(Key::LegacyServiceRole)),
        401,
        "",
    );
}

#[test]
fn a_fault_meets_as_many_requests_as_it_shall_or_lasts() {
    let standin = Standin::start();
    let key = standin.key(Key::Secret);
    let html = Fault::status(540).body("text/html", "<h1>Project paused</h1>");
    standin.fault(&html.header("retry-after", "7").times(2));
    for _ in 0..2 {
        let answer = get(&standin, AGENTS, key);
        check(&answer, 540, "");
        assert_eq!(answer.body, "<h1>Project paused</h1>");
        assert_eq!(answer.header("content-type"), Some("text/html"));
        assert_eq!(answer.header("retry-after"), Some("7"));
    }
    check(&get(&standin, AGENTS, key), 200, "");
    standin.fault(&Fault::status(503).json(&json!({ "code": "PGRST002" })));
    for _ in 0..3 {
        check(&get(&standin, AGENTS, "whatever"), 503, "PGRST002");
    }
    standin.clear_faults();
    check(&get(&standin, AGENTS, key), 200, "");
}

#[test]
fn a_fault_chooses_its_requests_and_may_carry_them_out() {
    let standin = Standin::start();
    let key = standin.key(Key::Secret);
    let lost = Fault::status(504).method("POST").path("/rest/v1/agents");
    standin.fault(&lost.carried_out());
    check(&get(&standin, AGENTS, key), 200, "");
    let insert = Request {
        method: "POST",
        target: "/rest/v1/agents",
        headers: &[("apikey", key), ("content-type", "application/json")],
        body: r#"{"name":"written","type":"codex"}"#,
    };
    let answer = standin.send(&insert).expect("the stand-in answers");
    check(&answer, 504, "");
    assert_eq!(standin.cluster().sql("select name from agents"), "written");
}

#[test]
fn a_delay_holds_true_answers_back() {
    let standin = Standin::start();
    let delay = Duration::from_millis(300);
    standin.fault(&Fault::delay(delay).times(1));
    let began = Instant::now();
    check(&get(&standin, AGENTS, standin.key(Key::Secret)), 200, "");
    assert!(began.elapsed() >= delay);
}

#[test]
fn requests_are_remembered_without_their_keys() {
    let standin = Standin::start();
    let key = standin.key(Key::Secret);
    let bearer = format!("Bearer {key}");
    let headers = [
        ("apikey", key),
        ("authorization", &bearer),
        ("user-agent", "a test"),
    ];
    check(&ask(&standin, AGENTS, &headers), 200, "");
    let request = json!({
        "method": "GET", "target": AGENTS, "user_agent": "a test", "prefer": null,
        "apikey": "secret", "bearer": "secret", "status": 200,
    });
    assert_eq!(standin.requests(), [request]);
    standin.forget_requests();
    assert!(standin.requests().is_empty());
}

#[test]
fn what_a_hosted_project_refuses_is_refused() {
    let standin = Standin::start();
    let key = standin.key(Key::Secret);
    for method in ["DELETE", "PATCH"] {
        let request = Request {
            method,
            target: "/rest/v1/agents?select=id&limit=1",
            headers: &[("apikey", key)],
            body: "{}",
        };
        check(
            &standin.send(&request).expect("the stand-in answers"),
            400,
            "21000",
        );
    }
    let long = format!("{AGENTS}&name=eq.{}", "x".repeat(17_000));
    check(&get(&standin, &long, key), 520, "");
    check(
        &get(&standin, "/rest/v1/", standin.key(Key::Publishable)),
        401,
        "",
    );
    let browser = [("apikey", key), ("user-agent", "Mozilla/5.0")];
    check(&ask(&standin, AGENTS, &browser), 401, "");
}

#[test]
fn a_project_without_our_tables_says_so_and_learns_of_new_ones() {
    let standin = Standin::builder().without_migrations().start();
    let key = standin.key(Key::Secret);
    check(&get(&standin, AGENTS, key), 404, "PGRST205");
    // Who does not listen yet is told of new tables in vain.
    let listening = "select count(*) from pg_stat_activity where query ilike 'listen %pgrst%'";
    let listens = wait_until(LIMIT, || standin.cluster().sql(listening) == "1");
    assert!(listens, "{}", standin.log());
    standin.cluster().paste_migrations();
    let known = wait_until(LIMIT, || get(&standin, AGENTS, key).status == 200);
    assert!(known, "{}", standin.log());
}

#[test]
fn the_migrations_are_in_the_ledger() {
    let standin = Standin::start();
    let count = standin
        .cluster()
        .sql("select count(*) from schema_migrations");
    assert_eq!(count, "10");
}

#[test]
fn a_database_that_stops_freezes_and_comes_back_is_seen_through_it() {
    let mut standin = Standin::start();
    let key = standin.key(Key::Secret).to_owned();
    standin.cluster_mut().stop(StopMode::Fast);
    let began = Instant::now();
    let answer = get(&standin, AGENTS, &key);
    check(&answer, 503, "PGRST000");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    check(&get(&standin, "/auth/v1/health", &key), 200, "");
    check(&get(&standin, "/rest-admin/v1/live", &key), 200, "");
    check(&get(&standin, "/rest-admin/v1/ready", &key), 503, "");
    standin.cluster_mut().start_again();
    let back = wait_until(LIMIT, || get(&standin, AGENTS, &key).status == 200);
    assert!(back, "{}", standin.log());
    standin.reload();
    check(&get(&standin, "/rest-admin/v1/ready", &key), 200, "");
}

#[test]
fn its_certificate_is_for_its_host_by_an_authority_of_its_own() {
    let standin = Standin::builder().tls("localhost").start();
    assert!(standin.url().starts_with("https://localhost:"));
    check(&get(&standin, AGENTS, standin.key(Key::Secret)), 200, "");
    let stranger = standin.stranger_ca_path();
    assert_ne!(
        std::fs::read(stranger).expect("it can be read"),
        std::fs::read(standin.ca_path()).expect("it can be read")
    );
    let expired = Standin::builder().tls_expired("localhost").start();
    let refused = expired.send(&Request::get(AGENTS, &[]));
    let words = refused.expect_err("its time is over").to_string();
    assert!(words.contains("expired"), "{words}");
}

#[test]
fn it_stops_freezes_and_starts_again_on_the_same_port() {
    let mut standin = Standin::start();
    let (key, pid) = (standin.key(Key::Secret).to_owned(), standin.pid());
    standin.freeze();
    assert!(
        TcpStream::connect(("127.0.0.1", standin.port())).is_ok(),
        "accepted"
    );
    standin.thaw();
    check(&get(&standin, AGENTS, &key), 200, "");
    standin.stop();
    assert!(!is_alive(pid));
    let refused = standin.send(&Request::get(AGENTS, &[]));
    let kind = refused.expect_err("nobody listens").kind();
    assert_eq!(kind, ErrorKind::ConnectionRefused);
    standin.start_again();
    check(&get(&standin, AGENTS, &key), 200, "");
    standin.kill();
    standin.start_again();
    check(&get(&standin, AGENTS, &key), 200, "");
}

#[test]
fn a_request_that_would_wait_for_an_hour_holds_nobody_up() {
    let standin = Standin::start();
    standin.fault(&Fault::delay(Duration::from_hours(1)));
    let pid = standin.pid();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| standin.send(&Request::get(AGENTS, &[])));
        let begun = wait_until(LIMIT, || standin.requests().len() == 1);
        assert!(begun);
        assert_eq!(standin.requests()[0]["status"], 0);
        signal(pid, Signal::TERM);
        let answer = waiting.join().expect("it does not panic");
        assert!(answer.is_err(), "{answer:?}");
    });
}

#[test]
fn a_dropped_standin_leaves_nothing() {
    let mut standin = Standin::start();
    let address = SocketAddr::from(([127, 0, 0, 1], standin.port()));
    let folder = standin.folder().to_owned();
    let pids = [standin.pid(), standin.cluster().pid()];
    standin.freeze();
    drop(standin);
    assert!(pids.iter().all(|pid| !is_alive(*pid)) && !folder.exists());
    assert!(TcpStream::connect(address).is_err());
}
