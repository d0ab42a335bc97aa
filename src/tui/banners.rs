//! Lines over the whole width of the header, for what must not be overlooked.
//! Knows nothing of what else stands in the header.

use ratatui::{style::Style, text::Line};

use crate::{
    domain::clean,
    tui::{data::Data, migrations, text, view::Look, words},
};

/// What must stay on the screen, e.g. that nothing is persisted.
pub(super) fn lasting(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let session = &*data.snapshot.session;
    let mode = session.target.mode;
    let mut warnings = session.warnings.iter().map(|warning| clean(warning));
    let mut lines = Vec::new();
    let mut add = |name: &str, words: &str| {
        let words = format!("{name}: {words}");
        lines.extend(banner(&words, look.theme.banner, width));
    };
    if let Some(sentence) = text::mode_banner(mode) {
        match warnings.next() {
            Some(warning) => add(text::MOCK, &warning),
            None => add(text::MOCK, sentence),
        }
    }
    for warning in warnings {
        add(text::WARNING, &warning);
    }
    if let Some(behind) = data.moment.set_back {
        let length = words::span(behind.to_std().unwrap_or_default());
        add(text::WARNING, &text::set_back(&length));
    }
    lines
}

/// That this database is in production, and what that means for writing.
pub(super) fn production(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let session = &*data.snapshot.session;
    let Some(label) = session
        .environment
        .as_ref()
        .filter(|_| session.is_production())
    else {
        return Vec::new();
    };
    let words = text::production(&clean(label), session.read_only);
    let words = format!("{} {words}", look.glyphs.warning);
    banner(&words, look.theme.alarm, width)
}

/// That what is seen is rehearsed, and what comes next.
pub(super) fn rehearsal(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let Some(rehearsed) = data.snapshot.rehearsal.filter(|_| data.ended.is_none()) else {
        return Vec::new();
    };
    let left = rehearsed
        .next
        .map(|(at, _)| words::left(data.moment.now, at));
    let words = text::rehearsal(&rehearsed, left.flatten().as_deref());
    banner(&words, look.theme.banner, width)
}

/// That something is being written, and how far it is.
pub(super) fn migrating(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let run = data.snapshot.migration.as_ref();
    let Some(run) = run.filter(|_| data.is_migrating()) else {
        return Vec::new();
    };
    let words = migrations::in_a_line(run);
    banner(&words, look.theme.banner, width)
}

/// That the panes are frozen, since when and what they do not show; an alarm
/// once the status is another one than they show.
pub(super) fn frozen(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let Some(frozen) = &data.frozen else {
        return Vec::new();
    };
    let snapshot = &*data.snapshot;
    let now = snapshot.connection.status();
    let since = data.moment.local(frozen.since());
    let mut phrases = vec![format!("{} {since}", text::FROZEN).into()];
    let mut style = look.theme.banner;
    if data.ended.is_some() {
        style = look.theme.alarm;
        phrases.push(text::BACKEND_ENDED.into());
    } else if now != frozen.status() {
        if snapshot.outage.is_some() {
            style = look.theme.alarm;
            phrases.push(text::LOST_SINCE.into());
        }
        phrases.push(text::now_is(now));
    }
    phrases.push(text::THAW.into());
    phrases.push(text::went_by(frozen.failures, frozen.changes));
    let words = phrases.join(" — ");
    banner(&words, style, width)
}

/// A text over the whole width of its lines, a little indented.
fn banner(text: &str, style: Style, width: usize) -> Vec<Line<'static>> {
    words::wrap(text, width.saturating_sub(2))
        .into_iter()
        .map(|line| Line::styled(words::fit(&format!(" {line}"), width, ' '), style))
        .collect()
}
