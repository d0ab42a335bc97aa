//! The diagnosis on the screen: as it comes, when it has ended, closed again.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use crossterm::event::KeyCode;

use super::harness::{Screen, on_paused_time};
use crate::{
    domain::{
        Action, Command, DbError, Diagnosis, DiagnosisProgress, ErrorKind, Exam, Finding, Lane,
        Snapshot,
    },
    tui::fixtures::{self, PLAIN},
};

/// The findings at a server that is not there.
fn findings() -> Vec<Finding> {
    let mut tcp = Finding::failed(Exam::Tcp, fixtures::refused());
    tcp.note("10.0.0.5:5432 refused (0 ms)");
    let mut findings = vec![
        Finding::ok(Exam::OwnSide, "clock, event loop and open files are fine")
            .taking(Duration::from_millis(55)),
        Finding::ok(Exam::HostName, "db.example is 10.0.0.5").taking(Duration::from_millis(2)),
        tcp.taking(Duration::from_micros(420)),
    ];
    let above = Exam::ALL.into_iter().skip(3);
    findings.extend(above.map(|exam| Finding::skipped(exam, "not reached: tcp failed")));
    findings
}

/// A lost connection, with a diagnosis that has come so far.
fn with(progress: DiagnosisProgress) -> Snapshot {
    Snapshot {
        diagnosis: Some(Arc::new(progress)),
        ..fixtures::lost(fixtures::refused(), Lane::Slow)
    }
}

fn begun() -> DiagnosisProgress {
    DiagnosisProgress::new(fixtures::now() - TimeDelta::seconds(1))
}

#[track_caller]
fn check(name: &'static str, size: (u16, u16), snapshot: Snapshot) {
    on_paused_time(|| async {
        let screen = Screen::start(size, snapshot, PLAIN);
        screen.settle().await;
        screen.press(KeyCode::Char('D'));
        screen.settle().await;
        insta::assert_snapshot!(name, screen.picture());
    });
}

#[test]
fn what_is_known_is_shown_while_the_rest_is_awaited() {
    let mut progress = begun();
    for finding in findings().into_iter().take(2) {
        progress.take(finding);
    }
    check("diagnosis_under_way_80x24", (80, 24), with(progress));
}

#[test]
fn verdict_and_next_step_come_first() {
    let mut ended = begun();
    ended.end(fixtures::now(), Diagnosis::new(findings()));
    check("diagnosis_80x24", (80, 24), with(ended.clone()));
    check("diagnosis_120x40", (120, 40), with(ended));
}

#[test]
fn the_key_asks_the_backend_and_esc_closes_while_nothing_answers() {
    on_paused_time(|| async {
        let error = DbError::new(Action::Connect, ErrorKind::Timeout { after_ms: 5_000 });
        let mut screen = Screen::start((80, 24), fixtures::lost(error, Lane::Slow), PLAIN);
        screen.settle().await;
        screen.press(KeyCode::Char('D'));
        screen.settle().await;
        assert!(screen.picture().contains("nothing has been found yet"));
        let commands = &mut screen.outlet.as_mut().unwrap().commands;
        assert_eq!(commands.try_recv(), Ok(Command::Diagnose));
        screen.press(KeyCode::Esc);
        screen.settle().await;
        assert!(!screen.picture().contains("Diagnosis"));
    });
}
