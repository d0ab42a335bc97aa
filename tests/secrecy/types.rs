//! Every value that holds a key or a password prints as stars, also in the
//! words of a panic, and so do the errors that follow from a key sent back.

use std::{error::Error, fmt::Write as _, panic, sync::Arc};

use dbvitals::{
    adapter::{Database, DiagnosisOptions, WriteTest},
    backend::{self, Clock},
    cli::config::{Format, check, show},
    config::{self, Fallback, FixedEnv, Flags, Loaded, Sources},
    domain::{ConnectionId, DbError, HealthPolicy},
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::{
    echoes::echoes,
    search::Hidden,
    support::standin::{Key, Standin},
};

fn load(standin: &Standin, key: &str) -> Loaded {
    let home = TempDir::new().unwrap();
    let sources = Sources {
        flags: Flags::default(),
        env: &[
            ("HOME", home.path().to_str().unwrap()),
            ("USER", "tester"),
            ("SUPABASE_URL", &standin.url()),
            ("SUPABASE_ANON_KEY", key),
            ("DATABASE_URL", &standin.cluster().url()),
            ("DBVITALS_MAX_RETRIES", "0"),
        ]
        .into_iter()
        .collect::<FixedEnv>(),
        cwd: home.path().to_owned(),
    };
    config::load(&sources, Fallback::Refuse).expect("it is a configuration")
}

fn database(loaded: &Loaded) -> Database {
    let id = ConnectionId(uuid::Uuid::now_v7());
    Database::new(&loaded.config.adapter, id, Arc::new(|_| {}))
}

/// An error in every way of printing it, with all its causes.
fn printed(error: &DbError) -> String {
    let mut text = format!(
        "{error} {error:?} {error:#?} {} {}",
        error.message(),
        error.hint()
    );
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        write!(text, " {cause} {cause:?} {cause:#?}").expect("a String takes any text");
        next = cause.source();
    }
    text.extend(error.causes());
    text
}

#[test]
fn whatever_holds_a_secret_prints_as_stars() {
    let standin = Standin::start();
    for key in Key::ALL.map(|kind| standin.key(kind)) {
        let hidden = Hidden::of([key, standin.cluster().password()]);
        let loaded = load(&standin, key);
        let mut text = format!("{loaded:?} {loaded:#?}");
        let database = database(&loaded);
        write!(text, "{database:?} {database:#?}").expect("a String takes any text");
        let session = backend::session(&loaded.config, Clock::system().now().wall);
        write!(text, "{session:?}").expect("a String takes any text");
        for format in [Format::Table, Format::Json] {
            let mut bytes = Vec::new();
            show(&loaded, format, &mut bytes).unwrap();
            check(Ok(&loaded), format, &mut bytes).unwrap();
            text.push_str(&String::from_utf8(bytes).unwrap());
        }
        hidden.check("a value", &text);
        assert!(text.contains("*****"), "{text}");
    }
}

#[test]
fn a_panic_over_what_holds_a_secret_says_stars() {
    let standin = Standin::start();
    for key in Key::ALL.map(|kind| standin.key(kind)) {
        let hidden = Hidden::of([key, standin.cluster().password()]);
        let loaded = load(&standin, key);
        let database = database(&loaded);
        let caught = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            panic!("panic-on-purpose: {loaded:?} {database:?}");
        }));
        let words = caught.expect_err("it panics");
        let words = words.downcast_ref::<String>().expect("in words");
        assert!(words.contains("panic-on-purpose"), "{words}");
        hidden.check("a panic", words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_shows_no_key_that_was_sent_back() {
    let standin = Standin::start();
    let options = DiagnosisOptions {
        policy: HealthPolicy {
            slow_threshold: std::time::Duration::from_secs(1),
            expects_writes: true,
            requires_schema: true,
        },
        write_test: WriteTest::Try,
    };
    for key in Key::ALL.map(|kind| standin.key(kind)) {
        let hidden = Hidden::of([key]);
        let loaded = load(&standin, key);
        for (name, echo) in echoes(key) {
            let database = database(&loaded);
            standin.fault(&echo);
            let report = database.first_check().await;
            let mut text = format!("{:?}", report.result);
            if let Some(error) = &report.error {
                text.push_str(&printed(error));
            }
            let rows = database.read_table("agents", |_: serde_json::Value| Ok(()));
            match rows.await {
                Ok(rows) => assert_eq!(rows, 0, "{name}"),
                Err(error) => text.push_str(&printed(&error)),
            }
            let diagnosis = database.diagnose(options, mpsc::channel(1).0).await;
            write!(text, "{diagnosis:?}").expect("a String takes any text");
            standin.clear_faults();
            hidden.check(name, &text);
        }
    }
}
