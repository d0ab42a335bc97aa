//! The lines at the top: what is watched, how it stands, why, and what comes
//! next. They are on every screen, whatever else is open.

use ratatui::{
    style::Style,
    text::{Line, Span},
};

use crate::{
    domain::{ConnectionStatus, Health, Mode, Snapshot, TransportSecurity, clean},
    tui::{
        data::Data,
        failure, text,
        view::{Look, View},
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
    lines.extend(identity(data, look, width));
    if data.snapshot.connection.status() == ConnectionStatus::Connected {
        lines.extend(vitals(data, look, width));
    } else {
        lines.extend(failure::lines(data, look, width));
    }
    lines.extend(banners(&data.snapshot, look, width));
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
        ConnectionStatus::Connected => (glyphs.connected, theme.ok),
        ConnectionStatus::Connecting => (glyphs.connecting, theme.warn),
        ConnectionStatus::Disconnected => (glyphs.disconnected, theme.warn),
        ConnectionStatus::Error => (glyphs.failed, theme.bad),
    };
    Span::styled(format!("{glyph} {status}"), style.patch(theme.title))
}

/// What the state alone does not say: the health while connected, else what
/// comes next.
fn outlook(data: &Data, look: &Look) -> Span<'static> {
    let snapshot = &*data.snapshot;
    if snapshot.connection.status() != ConnectionStatus::Connected {
        return failure::next_try(data, look);
    }
    let (word, style) = match snapshot.verdict.health {
        Health::Healthy => return Span::raw(""),
        Health::Degraded => (Health::Degraded.as_str(), look.theme.warn),
        Health::Unhealthy if is_unchecked(snapshot) => (text::NOT_CHECKED, look.theme.dim),
        Health::Unhealthy => (Health::Unhealthy.as_str(), look.theme.bad),
    };
    Span::styled(word, style.patch(look.theme.title))
}

/// True between being connected and the end of the first check.
fn is_unchecked(snapshot: &Snapshot) -> bool {
    let newest = snapshot.checks.last();
    newest.is_none_or(|check| check.timestamp() < snapshot.connection.since())
}

/// State, target and what else says which database this is. Where room is
/// short, what matters least leaves first.
fn identity(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
    let session = &*snapshot.session;
    let target = &session.target;
    let address = clean(&target.to_string()).into_owned();
    let mut phrases = vec![
        state(data, look),
        outlook(data, look),
        Span::styled(format!("{} {address}", target.mode), look.theme.text),
    ];
    if let Some(environment) = &session.environment {
        phrases.push(environment_badge(environment, look));
    }
    if session.read_only {
        phrases.push(Span::styled(text::READ_ONLY, look.theme.accent));
    }
    let (security, matters) = security(data, look);
    let mut optional = Vec::new();
    if matters == Matters::Always {
        phrases.push(security);
    } else {
        optional.push(security);
    }
    if !target.role.is_empty() {
        let role = format!("as {}", clean(&target.role));
        optional.insert(0, Span::styled(role, look.theme.dim));
    }
    if let Some(profile) = &session.profile {
        let profile = format!("profile {}", clean(profile));
        optional.push(Span::styled(profile, look.theme.dim));
    }
    let separator = Span::raw("  ");
    let taken = |phrases: &[Span]| -> usize {
        let filled = phrases.iter().filter(|phrase| !phrase.content.is_empty());
        filled.map(|phrase| phrase.width() + 2).sum()
    };
    for phrase in optional {
        if taken(&phrases) + phrase.width() <= width {
            phrases.push(phrase);
        }
    }
    flow(phrases, &separator, width)
}

fn environment_badge(environment: &str, look: &Look) -> Span<'static> {
    let environment = clean(environment);
    if environment.eq_ignore_ascii_case("production") {
        return Span::styled(format!(" {environment} "), look.theme.alarm);
    }
    Span::styled(environment.into_owned(), look.theme.accent)
}

#[derive(PartialEq, Eq)]
enum Matters {
    Always,
    IfThereIsRoom,
}

/// What protects the connection: as it is while connected, else as configured.
fn security(data: &Data, look: &Look) -> (Span<'static>, Matters) {
    let snapshot = &*data.snapshot;
    let configured = snapshot.session.target.security;
    if snapshot.session.target.mode == Mode::Mock {
        return (Span::raw(""), Matters::IfThereIsRoom);
    }
    let is_local = configured == TransportSecurity::ThisMachine;
    let details = snapshot.last_good.as_ref().and_then(|good| good.details());
    let tls = details
        .filter(|_| data.is_connected())
        .and_then(|details| details.tls.as_deref());
    let (words, is_open) = match tls {
        Some("off") if is_local => ("no TLS".to_owned(), false),
        Some("off") => (text::security(TransportSecurity::Plain).to_owned(), true),
        Some(tls) => (
            clean(tls).split(' ').next().unwrap_or("TLS").to_owned(),
            false,
        ),
        None => (
            text::security(configured).to_owned(),
            configured == TransportSecurity::Plain,
        ),
    };
    if is_open {
        return (Span::styled(words, look.theme.warn), Matters::Always);
    }
    (Span::styled(words, look.theme.dim), Matters::IfThereIsRoom)
}

/// What is known while connected: since when, how fresh, how fast, what next,
/// and what is wrong nevertheless.
fn vitals(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
    let moment = &data.moment;
    let theme = &look.theme;
    let dim = |words: String| Span::styled(words, theme.dim);
    let since = snapshot.connection.since();
    let mut phrases = vec![dim(format!("since {}", moment.local(since)))];
    match &snapshot.last_good {
        Some(good) => {
            let age = words::age(moment.now, good.timestamp());
            phrases.push(Span::styled(
                format!("last good check {age} ago"),
                theme.text,
            ));
            let latency = words::latency(good.latency());
            phrases.push(Span::styled(latency, theme.text));
        }
        None => phrases.push(Span::styled(text::NO_GOOD_CHECK, theme.warn)),
    }
    phrases.push(next_check(data, look));
    let separator = Span::styled(format!(" {} ", look.glyphs.dot), theme.dim);
    let mut lines = flow(phrases, &separator, width);
    let newest = snapshot.checks.last();
    if let Some(error) = newest
        .filter(|_| !is_unchecked(snapshot))
        .and_then(|c| c.error())
    {
        let words = format!(
            "{} {} {}",
            look.glyphs.failed,
            text::LAST_CHECK_FAILED,
            clean(error)
        );
        lines.extend(paragraph(&words, theme.bad, width));
    }
    let reasons = snapshot.verdict.reasons.iter().map(|reason| {
        let words = format!("{} {reason}", look.glyphs.warning);
        Span::styled(words, theme.warn)
    });
    lines.extend(flow(reasons, &Span::raw("  "), width));
    lines
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

/// What must stay on the screen, e.g. that nothing is persisted.
fn banners(snapshot: &Snapshot, look: &Look, width: usize) -> Vec<Line<'static>> {
    let session = &*snapshot.session;
    let mode = session.target.mode;
    let mut warnings = session.warnings.iter().map(|warning| clean(warning));
    let mut lines = Vec::new();
    let mut add = |name: &str, words: &str| {
        lines.extend(banner(
            &format!(" {name}: {words}"),
            look.theme.banner,
            width,
        ));
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
    lines
}

/// A text over the whole width of its lines.
fn banner(text: &str, style: Style, width: usize) -> Vec<Line<'static>> {
    words::wrap(text, width.saturating_sub(1))
        .into_iter()
        .map(|line| Line::styled(words::fit(line, width, ' '), style))
        .collect()
}
