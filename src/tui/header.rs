//! The lines at the top: what is watched, how it stands, why, and what comes
//! next. They are on every screen, whatever else is open, and never frozen.

use ratatui::text::{Line, Span};

use crate::{
    domain::{ConnectionStatus, DegradedReason, Health, Mode, Snapshot, clean},
    tui::{
        banners,
        data::Data,
        failure,
        identity::{GAP, Identity},
        text,
        view::{Look, Overlay, View},
        widgets::{flow, paragraph},
        words,
    },
};

/// The lines of the header, the most important first. None is wider than
/// `width`, and nothing that matters is cut.
pub(super) fn lines(data: &Data, view: &View, width: usize) -> Vec<Line<'static>> {
    let look = &view.look;
    let mut lines = Vec::new();
    if let Some(ended) = data.ended {
        let at = data.moment.local(ended);
        let words = format!("{} {}", look.glyphs.failed, text::BACKEND_ENDED);
        lines.extend(paragraph(&words, look.theme.alarm, width));
        let words = format!("{} {at}", text::LAST_KNOWN);
        lines.extend(paragraph(&words, look.theme.bad, width));
    }
    let mut head = match data.snapshot.connection.status() {
        ConnectionStatus::Connected => vitals(data, look, width),
        _ => failure::lines(data, look, width),
    }
    .into_iter();
    lines.extend(banners::production(data, look, width));
    lines.extend(head.next());
    lines.extend(banners::rehearsal(data, look, width));
    if !matches!(view.overlay, Some(Overlay::Migrations(_))) {
        lines.extend(banners::migrating(data, look, width));
    }
    lines.extend(banners::frozen(data, look, width));
    lines.extend(head);
    lines.extend(banners::lasting(data, look, width));
    lines
}

/// The lines that fit; when not all do, the last one says how many are missing.
pub(super) fn fit(
    mut lines: Vec<Line<'static>>,
    height: u16,
    look: &Look,
    width: usize,
) -> Vec<Line<'static>> {
    let height = usize::from(height);
    if lines.len() > height && height > 0 {
        let missing = lines.len() - (height - 1);
        lines.truncate(height - 1);
        let words = format!("{} {}", look.glyphs.warning, text::more_lines(missing));
        let words = words::cut(&words, width, look.glyphs.cut);
        lines.push(Line::styled(words, look.theme.warn));
    }
    lines
}

/// Glyph, word and style of the state; in the past once nobody vouches for it.
pub(super) fn state(data: &Data, look: &Look) -> Span<'static> {
    let (glyphs, theme) = (&look.glyphs, &look.theme);
    let status = data.snapshot.connection.status();
    if data.ended.is_some() {
        let words = format!("{} {} {status}", glyphs.unknown, text::WAS);
        return Span::styled(words, theme.warn.patch(theme.title));
    }
    let (glyph, style) = match status {
        ConnectionStatus::Connected if is_broken(&data.snapshot) => (glyphs.warning, theme.warn),
        ConnectionStatus::Connected => (glyphs.connected, theme.ok),
        ConnectionStatus::Connecting => (glyphs.connecting, theme.warn),
        ConnectionStatus::Disconnected => (glyphs.disconnected, theme.warn),
        ConnectionStatus::Error => (glyphs.failed, theme.bad),
    };
    let words = if is_mock(&data.snapshot) && status != ConnectionStatus::Connected {
        // Nobody is to be got out of bed by it.
        format!("{glyph} {} {status}", text::MOCK)
    } else {
        format!("{glyph} {status}")
    };
    Span::styled(words, style.patch(theme.title))
}

/// True when no real database is watched.
pub(super) fn is_mock(snapshot: &Snapshot) -> bool {
    snapshot.session.target.mode == Mode::Mock
}

/// True while an answer is overdue: it may hang.
fn is_suspect(snapshot: &Snapshot) -> bool {
    snapshot.verdict.reasons.contains(&DegradedReason::Suspect)
}

/// True while somebody cannot work although it is connected: what only is
/// slow, or lacks what is expected of it, is not broken.
fn is_broken(snapshot: &Snapshot) -> bool {
    let mut reasons = snapshot.verdict.reasons.iter();
    reasons.any(|reason| match reason {
        DegradedReason::Suspect
        | DegradedReason::NewConnectionsRefused { .. }
        | DegradedReason::Unguarded { .. }
        | DegradedReason::ReadOnly { .. }
        | DegradedReason::NotPermitted { .. }
        | DegradedReason::RowsHidden {
            is_certain: true, ..
        }
        | DegradedReason::HealthTableMissing { .. }
        | DegradedReason::DirectBroken { .. }
        | DegradedReason::NoTransactions
        | DegradedReason::PoolFull { .. } => true,
        DegradedReason::Slow { .. }
        | DegradedReason::RowsHidden {
            is_certain: false, ..
        }
        | DegradedReason::OtherColumns { .. }
        | DegradedReason::DatabaseNotAsked
        | DegradedReason::SchemaMissing { .. }
        | DegradedReason::MigrationsPending { .. }
        | DegradedReason::LedgerFault { .. }
        | DegradedReason::DetailsUnread { .. } => false,
    })
}

/// What `connected` alone does not say: the health.
fn outlook(data: &Data, look: &Look) -> Span<'static> {
    let snapshot = &*data.snapshot;
    let (words, style) = match snapshot.verdict.health {
        Health::Healthy => return Span::raw(""),
        Health::Degraded if is_suspect(snapshot) => {
            let words = DegradedReason::Suspect.to_string();
            let since = snapshot.suspect_since.map(|at| data.moment.local(at));
            let since = since.map_or(String::new(), |since| format!(" since {since}"));
            (format!("{words}{since}").into(), look.theme.warn)
        }
        Health::Degraded => (Health::Degraded.as_str().into(), look.theme.warn),
        Health::Unhealthy if is_unchecked(snapshot) => {
            (text::Words::from(text::NOT_CHECKED), look.theme.dim)
        }
        Health::Unhealthy => (Health::Unhealthy.as_str().into(), look.theme.bad),
    };
    Span::styled(words, style.patch(look.theme.title))
}

/// True between being connected and the end of the first check.
fn is_unchecked(snapshot: &Snapshot) -> bool {
    let newest = snapshot.checks.last();
    newest.is_none_or(|check| check.timestamp() < snapshot.connection.since())
}

/// What is known while connected: state, health and target; how fresh, how
/// fast, what next; and what is wrong nevertheless.
fn vitals(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
    let mut identity = Identity::of(data, look);
    let mut phrases = vec![state(data, look)];
    // Only one time is told here, and it belongs to what stands before it.
    if !is_suspect(snapshot) {
        let since = data.moment.local(snapshot.connection.since());
        phrases.push(Span::styled(format!("since {since}"), look.theme.dim));
    }
    phrases.push(outlook(data, look));
    phrases.append(&mut identity.always);
    let mut lines = flow(phrases, &Span::raw(GAP), width);
    if let Some(last) = lines.last_mut() {
        identity.fill(last, &Span::raw(GAP), width);
    }
    let separator = Span::styled(format!(" {} ", look.glyphs.dot), look.theme.dim);
    let mut fresh = flow(freshness(data, look), &separator, width);
    if let Some(last) = fresh.last_mut() {
        identity.fill(last, &separator, width);
    }
    lines.append(&mut fresh);
    lines.extend(refusal(data, look, width));
    lines.extend(complaints(snapshot, look, width));
    if let Some(last) = lines.last_mut() {
        identity.fill(last, &Span::raw(GAP), width);
    }
    lines.extend(identity.rest(width));
    lines
}

/// The newest answer of any kind, and the newest good check, which is what
/// the details on the screen come from.
fn freshness(data: &Data, look: &Look) -> Vec<Span<'static>> {
    let (moment, theme) = (&data.moment, &look.theme);
    let Some(good) = &data.snapshot.last_good else {
        let none = Span::styled(text::NO_GOOD_CHECK, theme.warn);
        return vec![none, next_check(data, look)];
    };
    let mut phrases = Vec::new();
    if let Some(words) = was_down(data) {
        phrases.push(Span::styled(words, theme.warn));
    }
    if let Some(answer) = data.last_answer() {
        let style = if is_suspect(&data.snapshot) {
            theme.warn
        } else {
            theme.text
        };
        let (age, took) = (
            words::age(moment.now, answer.at),
            words::latency(answer.took),
        );
        let words = format!("{} {age} ago in {took}", text::LAST_ANSWER);
        phrases.push(Span::styled(words, style));
    }
    let age = words::age(moment.now, good.timestamp());
    let words = format!("{} {age} ago", text::GOOD_CHECK);
    phrases.push(Span::styled(words, theme.text));
    phrases.push(next_check(data, look));
    phrases
}

/// The newest of the outages that are over, while they are told.
fn was_down(data: &Data) -> Option<String> {
    let told = data.outages.told(data.moment.now);
    let (count, newest) = (told.count(), data.outages.told(data.moment.now).next()?);
    let length = (newest.until - newest.since).to_std().unwrap_or_default();
    let cause = newest.error.as_ref().map(|error| {
        let code = error.code().map(|code| format!(" {}", clean(code)));
        format!(" ({}{})", error.kind().name(), code.unwrap_or_default())
    });
    Some(text::was_down(
        count,
        &words::length(length),
        &data.moment.local(newest.since),
        &cause.unwrap_or_default(),
    ))
}

fn next_check(data: &Data, look: &Look) -> Span<'static> {
    if data.ended.is_some() {
        return Span::raw("");
    }
    let snapshot = &*data.snapshot;
    if let Some(begun) = snapshot.busy_since {
        let age = words::age(data.moment.now, begun);
        return Span::styled(format!("{} {age}", text::CHECKING), look.theme.accent);
    }
    let words = match snapshot.next_check {
        None => return Span::raw(""),
        Some(due) => match words::left(data.moment.now, due) {
            Some(left) => format!("next check in {left}"),
            None => text::CHECK_DUE.to_owned(),
        },
    };
    Span::styled(words, look.theme.dim)
}

/// Since when and why new clients cannot get in, and the next step.
///
/// ```text
/// ▲ since 07:38:29 new connections refused: Database has no free … (53300)
/// code 53300 · at login · sorry, too many clients already
/// → end idle sessions or raise the limit; …
/// ```
fn refusal(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
    let Some(refusal) = &snapshot.refusal else {
        return Vec::new();
    };
    let mut reasons = snapshot.verdict.reasons.iter();
    let reason = reasons.find(|reason| is_refusal(reason));
    let Some(reason) = reason.map(ToString::to_string) else {
        return Vec::new();
    };
    let since = data.moment.local(refusal.since);
    let words = format!("{} since {since} {}", look.glyphs.warning, clean(&reason));
    let mut lines = paragraph(&words, look.theme.bad, width);
    lines.extend(failure::evidence(&refusal.error, look, width));
    lines
}

fn is_refusal(reason: &DegradedReason) -> bool {
    matches!(reason, DegradedReason::NewConnectionsRefused { .. })
}

/// What else is wrong although it is connected, each with its cause.
fn complaints(snapshot: &Snapshot, look: &Look, width: usize) -> Vec<Line<'static>> {
    let reasons = &snapshot.verdict.reasons;
    let mut lines = Vec::new();
    // The reason for which new clients are refused is the error of that check.
    let is_told = reasons.iter().any(is_refusal);
    let newest = snapshot.checks.last();
    if let Some(error) = newest
        .filter(|_| !is_told && !is_unchecked(snapshot))
        .and_then(|check| check.error())
    {
        let error = clean(error);
        let words = format!("{} {} {error}", look.glyphs.failed, text::LAST_CHECK_FAILED);
        lines.extend(paragraph(&words, look.theme.bad, width));
    }
    let reasons = reasons.iter().filter(|reason| match reason {
        // The first line says it, and the lines before.
        DegradedReason::Suspect | DegradedReason::NewConnectionsRefused { .. } => false,
        DegradedReason::Slow { .. }
        | DegradedReason::ReadOnly { .. }
        | DegradedReason::SchemaMissing { .. }
        | DegradedReason::MigrationsPending { .. }
        | DegradedReason::LedgerFault { .. }
        | DegradedReason::Unguarded { .. }
        | DegradedReason::DetailsUnread { .. }
        | DegradedReason::NotPermitted { .. }
        | DegradedReason::RowsHidden { .. }
        | DegradedReason::HealthTableMissing { .. }
        | DegradedReason::OtherColumns { .. }
        | DegradedReason::DatabaseNotAsked
        | DegradedReason::DirectBroken { .. }
        | DegradedReason::NoTransactions
        | DegradedReason::PoolFull { .. } => true,
    });
    let reasons = reasons.map(|reason| {
        let words = reason.to_string();
        let words = format!("{} {}", look.glyphs.warning, clean(&words));
        Span::styled(words, look.theme.warn)
    });
    lines.extend(flow(reasons, &Span::raw(GAP), width));
    lines
}
