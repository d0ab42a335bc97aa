//! Every size and every snapshot can be drawn, with every key pressed before.

use std::{sync::Arc, time::Duration};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend};

use super::harness::text;
use crate::{
    config::TuiSection,
    domain::{Action, DbError, ErrorKind, Lane, LatencySample, SampleOutcome, Snapshot},
    tui::{
        action::Effect,
        data::Data,
        fixtures::{self, PLAIN},
        keys, screen,
        update::update,
        view::{Pane, View},
    },
};

fn snapshot() -> impl Strategy<Value = Snapshot> {
    let words = "[ a-z漢é\u{1b}]{0,300}";
    (0usize..7, words, 0usize..40, 0u64..3).prop_map(|(which, words, rows, dropped)| {
        let error = DbError::new(Action::Connect, ErrorKind::Unknown)
            .with_code(words.clone())
            .with_details(&words);
        let mut snapshot = match which {
            0 => fixtures::healthy(),
            1 => fixtures::degraded(),
            2 => fixtures::connecting(),
            3 => fixtures::blank(),
            4 => fixtures::mock(),
            5 => fixtures::lost(error, Lane::Slow),
            _ => fixtures::lost(error, Lane::Paused),
        };
        let mut session = fixtures::session();
        session.target.address.clone_from(&words);
        session.warnings = vec![words.clone(); rows % 3];
        session.environment = Some(words);
        snapshot.session = Arc::new(session);
        let kept = snapshot.checks.len().min(rows);
        snapshot.checks = snapshot.checks.iter().take(kept).cloned().collect();
        snapshot.checks_dropped = dropped;
        snapshot.migrations = (rows % 2 == 0).then(|| fixtures::migrations(rows % 11));
        snapshot.migration = (rows % 3 == 0).then(|| fixtures::run(rows % 7));
        snapshot
    })
}

fn key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        proptest::sample::select("?zhjklgG123456rdcfMuayn".chars().collect::<Vec<_>>())
            .prop_map(KeyCode::Char),
        proptest::sample::select(vec![
            KeyCode::Enter,
            KeyCode::Esc,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::PageDown,
            KeyCode::PageUp,
        ]),
    ]
}

fn samples() -> impl Strategy<Value = Vec<LatencySample>> {
    proptest::collection::vec((0u64..30_000, 0u64..90_000_000, 0u8..4), 0..60).prop_map(|steps| {
        let mut at = fixtures::ago(900);
        let sample = |(gap, micros, outcome): (u64, u64, u8)| {
            at += Duration::from_millis(gap);
            let latency = Duration::from_micros(micros);
            let outcome = match outcome {
                0 => SampleOutcome::Failed(latency),
                1 => SampleOutcome::TimedOut(latency),
                2 => SampleOutcome::OwnSide,
                _ => SampleOutcome::Answered(latency),
            };
            LatencySample { at, outcome }
        };
        steps.into_iter().map(sample).collect()
    })
}

fn draw(size: (u16, u16), data: &Data, view: &mut View) -> String {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal
        .draw(|frame| screen::render(frame, frame.area(), data, view))
        .unwrap();
    text(terminal.backend().buffer())
}

fn data(snapshot: Snapshot) -> Data {
    Data::new(Arc::new(snapshot), fixtures::moment())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn anything_can_be_drawn_at_any_size(
        size in (1u16..=200, 1u16..=60),
        snapshot in snapshot(),
        samples in samples(),
        keys in proptest::collection::vec(key(), 0..12),
        ascii: bool,
    ) {
        let mut data = data(snapshot);
        for sample in samples {
            data.latency.push(sample);
        }
        data.advance(data.moment);
        let mut view = fixtures::view(TuiSection { ascii, ..PLAIN });
        for key in keys {
            let event = KeyEvent::new(key, KeyModifiers::NONE);
            if let Some(action) = keys::lookup(&event, view.place()) {
                match update(&data, &mut view, action) {
                    Some(Effect::Freeze) => data.freeze(),
                    Some(Effect::Thaw) => data.thaw(),
                    Some(Effect::Quit | Effect::Suspend | Effect::Send(_) | Effect::Say(_))
                    | None => {}
                }
            }
            draw(size, &data, &mut view);
        }
        data.renew(Arc::new(fixtures::degraded()));
        let picture = draw(size, &data, &mut view);
        if size.0 >= 14 {
            let word = data.snapshot.connection.status().as_str();
            prop_assert!(picture.contains(word), "no {} in:\n{}", word, picture);
        }
    }
}

#[test]
fn the_table_of_latencies_is_whole_at_every_width() {
    let mut data = data(fixtures::healthy());
    for sample in fixtures::samples(&data.snapshot) {
        data.latency.push(sample);
    }
    data.advance(data.moment);
    for width in 40..=130 {
        let mut view = fixtures::view(PLAIN);
        view.focus(Pane::Latency);
        let picture = draw((width, 31), &data, &mut view);
        let count = |words: &str| picture.matches(words).count();
        assert_eq!(
            (count(" failed"), count(" %")),
            (1, 3),
            "{width}:\n{picture}"
        );
    }
}

#[test]
fn ascii_screens_hold_ascii_only() {
    let section = TuiSection {
        ascii: true,
        ..PLAIN
    };
    let lost = || fixtures::lost(fixtures::refused(), Lane::Slow);
    let paused = || fixtures::lost(fixtures::refused(), Lane::Paused);
    for snapshot in [fixtures::healthy(), fixtures::mock(), lost(), paused()] {
        let data = data(snapshot);
        let picture = draw((120, 40), &data, &mut fixtures::view(section));
        let odd = picture.chars().find(|c| !c.is_ascii());
        assert_eq!(odd, None, "{picture}");
    }
}
