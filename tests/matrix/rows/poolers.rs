//! `PgBouncer` before a server: what it takes away, and what it hides. Its own
//! waiting times are none in the bed: it tries a server that was away again and
//! again, and not only each 15 s as it does where nothing is configured.

use std::time::{Duration, Instant};

use dbvitals::adapter::DatabaseAdapter;
use serde_json::Value;

use crate::{
    expected::{Expected, Failure, Promise, Recovery, failure},
    instruments,
    library::Caller,
    row::{Need, Row},
    rows::{outside, ports::REFUSED},
    scene::{Bed, Scene},
    seen::Told,
    support::{
        cluster::{PASSWORD, PoolMode, StopMode},
        process::wait_until,
    },
};

/// Longer than anything takes that is going to happen.
const LIMIT: Duration = Duration::from_secs(20);

/// What a pooler says of everything, in a session and before it.
const LOST: Failure = failure("ConnectionLost", "login").code("08P01").hint(
    "a pooler ended the session: its words say why; look at its log and the server behind it",
);
const LOGIN_FAILED: Failure = failure("LoginFailed", "login").code("08P01");

/// The server ends the sessions that a pooler holds.
const ENDED: Failure = failure("ConnectionLost", "tcp").code("57P01");

/// What a pooler does whose server is away: who asks while it tries the server
/// waits; who asks when that has failed is told so.
const AWAY: [Failure; 4] = [
    failure("Timeout", "login"),
    failure("Timeout", "statement"),
    LOST,
    LOGIN_FAILED,
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = well();
    rows.extend(servers());
    rows.extend(poolers());
    let rows = rows.into_iter();
    rows.map(Row::pooler).collect()
}

/// These rows before a server that speaks German: a pooler passes its words on.
pub(crate) fn translated() -> Vec<Row> {
    let chosen = |row: &Row| CHOSEN.contains(&row.name.as_str());
    rows()
        .into_iter()
        .filter(chosen)
        .map(|row| {
            let mut row = row.on(Bed::german(), "de");
            row.need = Need::GermanPooler;
            row
        })
        .collect()
}

const CHOSEN: [&str; 3] = [
    "connecting: through a transaction pooler",
    "idle: server stopped behind a session pooler",
    "statement: server stopped behind a transaction pooler",
];

fn well() -> Vec<Row> {
    let in_session =
        || Expected::well().diagnosed(|it| it.says(&["a pooler or proxy, in session mode: "]));
    let in_transaction = || {
        Expected::well().diagnosed(|it| {
            it.says(&[
                "a pooler or proxy, in transaction mode: ",
                "these do not work there: session settings, LISTEN, ",
                "use the server's own port (5432) or a pool in session mode",
            ])
        })
    };
    vec![
        Row::connecting(
            "through a session pooler",
            |bed| pooled(bed, PoolMode::Session),
            in_session(),
        ),
        Row::connecting(
            "through a transaction pooler",
            |bed| pooled(bed, PoolMode::Transaction),
            in_transaction(),
        ),
        Row::connecting(
            "through a statement pooler",
            |bed| pooled(bed, PoolMode::Statement),
            Expected::marked("pooler in statement mode: transactions are refused").diagnosed(
                |it| {
                    it.degraded("login", None)
                        .says(&["a pooler or proxy, in statement mode: "])
                        .advises("use the server's own port (5432)")
                },
            ),
        ),
        Row::statement(
            "through a session pooler",
            |bed| asked(bed, PoolMode::Session),
            in_session(),
        ),
        Row::statement(
            "through a transaction pooler",
            |bed| asked(bed, PoolMode::Transaction),
            in_transaction(),
        ),
    ]
}

/// The server goes, the pooler stays.
fn servers() -> Vec<Row> {
    let start: fn(&mut Scene) = |scene| scene.cluster().start_again();
    let stop: fn(&mut Scene) = |scene| scene.cluster().stop(StopMode::Fast);
    let silent = failure("Timeout", "login");
    vec![
        Row::connecting(
            "server away behind a pooler",
            |bed| {
                let mut scene = pooled(bed, PoolMode::Transaction);
                scene.cluster().stop(StopMode::Fast);
                scene
            },
            Expected::fails(silent)
                .within(Promise::Timeout)
                .or(&AWAY)
                .heals()
                .diagnosed(|it| {
                    it.says(&["a pooler that waits for its own server"])
                        .advises("look at the server behind it")
                }),
        )
        .mend(start),
        Row::idle(
            "server stopped behind a session pooler",
            |bed| pooled(bed, PoolMode::Session),
            stop,
            Expected::fails(ENDED)
                .then(LOST)
                .or(&AWAY)
                .heals()
                .diagnosed(|it| it.advises("the server behind it")),
        )
        .mend(start),
        Row::idle(
            "server stopped behind a transaction pooler",
            |bed| pooled(bed, PoolMode::Transaction),
            stop,
            Expected::fails(failure("Timeout", "statement"))
                .then(LOST)
                .or(&AWAY)
                .within(Promise::Silence)
                .heals()
                .diagnosed(|it| it.advises("the server behind it")),
        )
        .mend(start),
        Row::idle(
            "server restarted behind a transaction pooler",
            |bed| pooled(bed, PoolMode::Transaction),
            |scene| {
                scene.cluster().stop(StopMode::Fast);
                scene.cluster().start_again();
            },
            Expected::well().or(&AWAY).heals(),
        )
        .mend(|_| {}),
        Row::sleeping(
            "server stopped behind a transaction pooler",
            |bed| pooled(bed, PoolMode::Transaction),
            stop,
            Expected::fails(ENDED).then_well().heals(),
        )
        .mend(start),
    ]
}

/// The pooler goes, is full, or lets nobody in.
fn poolers() -> Vec<Row> {
    let stop: fn(&mut Scene) = |scene| scene.own_pooler().stop();
    let start: fn(&mut Scene) = |scene| scene.own_pooler().start();
    let lost = failure("ConnectionLost", "tcp");
    vec![
        Row::idle(
            "pooler stopped",
            |bed| pooled(bed, PoolMode::Transaction),
            stop,
            Expected::fails(lost).then(REFUSED).heals(),
        )
        .mend(start),
        Row::sleeping(
            "pooler stopped",
            |bed| pooled(bed, PoolMode::Transaction),
            stop,
            Expected::fails(lost)
                .then_well()
                .recovery(Recovery::ByItself(Promise::AtOnce)),
        )
        .mend(start),
        Row::connecting(
            "wrong password at a pooler",
            |bed| {
                let lines = ["auth_type = scram-sha-256"];
                let scene = pooled_with(bed, PoolMode::Transaction, &lines);
                let url = scene.address().replace(PASSWORD, "another");
                scene.url(url)
            },
            Expected::fails(failure("AuthFailed", "login").code("08P01"))
                .diagnosed(|it| it.says(&["the server asks for: scram-sha-256 password"])),
        ),
        Row::connecting(
            "pooler full",
            |bed| {
                let lines = ["max_client_conn = 1"];
                let mut scene = pooled_with(bed, PoolMode::Transaction, &lines);
                let runtime = outside::runtime();
                let port = scene.own_pooler().port();
                // Whoever looked whether it listens has the place for a moment.
                let held = wait_until(LIMIT, || {
                    let client = outside::try_session_at(&runtime, port, "the only one");
                    scene.held = client.ok();
                    scene.held.is_some()
                });
                assert!(held, "there is no place");
                scene.runtime = Some(runtime);
                scene
            },
            Expected::fails(LOGIN_FAILED.says("max_client_conn")).heals(),
        )
        .mend(|scene| {
            scene.held = None;
            scene.runtime = None;
        }),
        Row::statement(
            "no session of the pooler is free",
            no_session,
            Expected::fails(LOST.says("query_wait_timeout"))
                .then_well()
                .within(Promise::Seconds(2))
                .recovery(Recovery::ByItself(Promise::AtOnce)),
        ),
    ]
}

fn pooled(bed: &Bed, mode: PoolMode) -> Scene {
    pooled_with(bed, mode, &[])
}

fn pooled_with(bed: &Bed, mode: PoolMode, lines: &[&str]) -> Scene {
    let mut scene = Scene::of(bed.cluster());
    let pooler = scene.cluster().pooler_with(mode, lines);
    let url = scene.url_at("127.0.0.1", pooler.port());
    scene.pooler = Some(pooler);
    scene.url(url)
}

/// A caller's statements succeed, and what the program says of it.
fn asked(bed: &Bed, mode: PoolMode) -> Told {
    let scene = pooled(bed, mode);
    let caller = Caller::of(&scene, bed);
    for _ in 0..4 {
        caller.query("select 1 as n").expect("it works");
    }
    Told {
        said: instruments::run(&scene, bed),
        ..Told::default()
    }
}

/// Another client keeps the only session, longer than the pooler lets us wait.
fn no_session(bed: &Bed) -> Told {
    let lines = ["default_pool_size = 1", "query_wait_timeout = 1"];
    let mut scene = pooled_with(bed, PoolMode::Transaction, &lines);
    let caller = Caller::of(&scene, bed);
    let port = scene.own_pooler().port();
    let runtime = outside::runtime();
    let holder = outside::session_at(&runtime, port, "the holder");
    outside::run(&runtime, &holder, "begin; select 1");
    let began = Instant::now();
    let mut told =
        caller.fails(|database| async move { database.query::<Value>("select 1", &[]).await });
    assert!(began.elapsed() >= Duration::from_secs(1), "{told:?}");
    outside::run(&runtime, &holder, "rollback");
    caller.recovers(&mut told);
    told
}
