//! Ten thousand events a second: how many frames are drawn, and how long each
//! takes. The screen runs in this program, started anew in a terminal.
#![allow(
    clippy::panic,
    reason = "a measurement that cannot be made must end the program"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use dbvitals::{
    backend::{self, Clock, Outlet},
    config::{ThemeName, TuiSection},
    domain::{ConnectionStatus, Event, LatencySample, SampleOutcome, Snapshot},
    tui,
};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::{
    bed::{LIMIT, must},
    in_process::{MOCK, Watch},
    report::Report,
    support::terminal::Launch,
};

/// Set in the process that draws: where it leaves what it has measured.
const RESULT: &str = "BUDGETS_FLOOD_RESULT";

/// How long the flood lasts.
const LENGTH: Duration = Duration::from_secs(10);

/// Events a millisecond, and snapshots.
const EVENTS: u32 = 10;

/// What the process that draws has measured.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    events: u32,
    seconds: f64,
    frames: u64,
    p99: Duration,
    worst: Duration,
}

/// Starts the screen in a terminal, and tells what it measured.
pub(crate) fn of_events(report: &mut Report) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let result = folder.path().join("result");
    let this = env::current_exe().expect("this program has a path");
    let mut terminal = Launch::new(this)
        .env(RESULT, &result)
        .env("USER", "somebody")
        .size(120, 40)
        .spawn();
    must(terminal.wait_for("FLOOD", LIMIT));
    // The session's name stands on the screen until the flood is over.
    must(terminal.wait_for("EBB", LIMIT));
    terminal.send("q");
    let status = terminal.wait_exit(LIMIT);
    assert!(status.is_some_and(|status| status.success()), "it failed");
    let text = fs::read(&result).expect("it leaves its result");
    let measured: Measured = serde_json::from_slice(&text).expect("the result is JSON");
    told(report, &measured);
}

fn told(report: &mut Report, measured: &Measured) {
    let rate = |count: f64| count / measured.seconds;
    report.note(&format!(
        "{:.0} events a second for {:.1} s",
        rate(f64::from(measured.events)),
        measured.seconds
    ));
    let frames = f64::from(u32::try_from(measured.frames).unwrap_or(u32::MAX));
    report.number("flood of events: frames a second", rate(frames), 30.0, "");
    let budget = Duration::from_millis(8);
    report.times("flood of events: a frame, 99 %", &[measured.p99], budget);
    report.note(&format!("the worst frame took {:?}", measured.worst));
}

/// In the process that draws: does so, and leaves the result. False elsewhere.
pub(crate) fn draws_here() -> bool {
    let Some(result) = env::var_os(RESULT).map(PathBuf::from) else {
        return false;
    };
    draw(&result);
    true
}

fn draw(result: &Path) {
    let first = connected();
    let clock = Clock::system();
    let (handle, outlet) = backend::channels(named(&first, "FLOOD"), clock);
    let flood = thread::spawn(move || flood(&first, &outlet));
    let screen = Runtime::new().expect("a runtime can be made");
    let section = TuiSection {
        theme: ThemeName::Dark,
        ascii: false,
        no_color: false,
    };
    let shown = screen.block_on(tui::run(handle, section));
    let frames = shown.expect("it ends by a key").frames;
    let (events, length) = flood.join().expect("the flood ends by itself");
    let measured = Measured {
        events,
        seconds: length.as_secs_f64(),
        frames: frames.count(),
        p99: frames.at(0.99),
        worst: frames.max(),
    };
    let text = serde_json::to_vec(&measured).expect("numbers are JSON");
    fs::write(result, text).expect("the result can be left");
}

/// A snapshot of a real watch over the embedded database.
fn connected() -> Snapshot {
    let watch = Watch::start(&MOCK);
    watch.until(ConnectionStatus::Connected);
    let snapshot = Snapshot::clone(&watch.handle.snapshots().borrow());
    watch.end();
    snapshot
}

/// The same with a name that the screen shows.
fn named(snapshot: &Snapshot, name: &str) -> Arc<Snapshot> {
    let mut session = snapshot.session.as_ref().clone();
    session.environment = Some(name.to_owned());
    let session = Arc::new(session);
    Arc::new(Snapshot {
        session,
        ..snapshot.clone()
    })
}

/// Tells events and publishes snapshots, each of them news. Gives the count of
/// events and the time that they took.
fn flood(first: &Snapshot, outlet: &Outlet) -> (u32, Duration) {
    let shown = named(first, "FLOOD");
    let start = Instant::now();
    let mut told = 0;
    while start.elapsed() < LENGTH {
        let due = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX) * EVENTS;
        for number in told..due {
            let latency = Duration::from_micros(u64::from(200 + number * 37 % 700));
            // A failure after each answer, and the reverse.
            let outcome = match number % 2 {
                0 => SampleOutcome::Answered(latency),
                _ => SampleOutcome::Failed(latency),
            };
            let at = shown.session.started_at + start.elapsed();
            let sample = LatencySample { at, outcome };
            outlet.events.send(Event::Sampled(sample)).ok();
        }
        told = told.max(due);
        let mut news = shown.as_ref().clone();
        news.connection.note_failure(told.to_string());
        outlet.snapshots.send_replace(Arc::new(news));
        thread::sleep(Duration::from_millis(1));
    }
    let length = start.elapsed();
    outlet.snapshots.send_replace(named(first, "EBB"));
    (told, length)
}
