//! The lines of the header that say why there is no connection, since when,
//! and when the next attempt comes. The cause stands first and is never cut.

use ratatui::text::{Line, Span};

use crate::{
    domain::{ConnectionStatus, DbError, Lane, Outage, clean},
    tui::{
        data::Data,
        text,
        view::Look,
        widgets::{flow, paragraph},
        words,
    },
};

/// Lines that the server's own words may take here; the details show them all.
const SERVER_LINES: usize = 2;

/// The lines for the present status, which is not `connected`.
pub(super) fn lines(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
    if let Some(outage) = &snapshot.outage {
        let mut lines = cause(&outage.error, look, width);
        lines.extend(progress(outage, data, look, width));
        return lines;
    }
    let since = data.moment.local(snapshot.connection.since());
    match snapshot.connection.status() {
        ConnectionStatus::Connecting => connecting(data, look, width),
        ConnectionStatus::Error => {
            let message = snapshot.connection.last_error().unwrap_or_default();
            let message = format!("{} {}", look.glyphs.failed, clean(message));
            paragraph(&message, look.theme.bad, width)
        }
        ConnectionStatus::Disconnected | ConnectionStatus::Connected => {
            let words = format!("since {since} {} {}", look.glyphs.dot, text::DISCONNECTED);
            paragraph(&words, look.theme.warn, width)
        }
    }
}

fn connecting(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
    let begun = snapshot
        .busy_since
        .unwrap_or_else(|| snapshot.connection.since());
    let phrases = [
        format!("{} since {}", text::CONNECTING, data.moment.local(begun)),
        words::age(data.moment.now, begun),
        format!(
            "gives up after {}",
            words::latency(snapshot.session.health_check_timeout)
        ),
    ];
    let phrases = phrases.map(|words| Span::styled(words, look.theme.text));
    flow(phrases, &separator(look), width)
}

/// The fixed message first, then the server's own words, then the next step.
fn cause(error: &DbError, look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let message = format!("{} {}", look.glyphs.failed, clean(&error.message()));
    let mut lines = paragraph(&message, theme.bad, width);
    let mut facts = vec![Span::styled(error.kind().name(), theme.text)];
    if let Some(code) = error.code() {
        facts.push(Span::styled(format!("code {}", clean(code)), theme.text));
    }
    facts.push(Span::styled(
        format!("at {}", error.layer().as_str()),
        theme.text,
    ));
    if let Some(details) = server_words(error) {
        facts.push(Span::styled(details, theme.text));
    }
    let mut facts = flow(facts, &separator(look), width);
    if facts.len() > SERVER_LINES {
        facts.truncate(SERVER_LINES);
        if let Some(last) = facts.last_mut() {
            let cut = words::cut(&last.to_string(), width.saturating_sub(2), look.glyphs.cut);
            *last = Line::styled(format!("{cut} {}", look.glyphs.cut), theme.text);
        }
    }
    lines.append(&mut facts);
    let hint = format!("{} {}", look.glyphs.next_step, error.hint());
    lines.extend(paragraph(&hint, theme.accent, width));
    lines
}

/// The server's words, unless the message holds them already.
fn server_words(error: &DbError) -> Option<String> {
    let details = error.details().filter(|details| !details.is_empty())?;
    let holds_them = error.kind().template().contains(['{']) && error.message().contains(details);
    (!holds_them).then(|| clean(details).into_owned())
}

/// Which try it is, and since when there is no connection.
fn progress(outage: &Outage, data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let moment = &data.moment;
    let mut phrases = Vec::new();
    if outage.lane != Lane::Paused {
        phrases.push(text::lane(outage.lane).into_owned());
    }
    phrases.push(text::failed_tries(outage.failed_tries).into_owned());
    phrases.push(format!(
        "down since {} ({})",
        moment.local(outage.since),
        moment.utc(outage.since)
    ));
    if data.is_ticking() {
        phrases.push(words::age(moment.now, outage.since));
    }
    let phrases = phrases
        .into_iter()
        .map(|words| Span::styled(words, look.theme.text));
    flow(phrases, &separator(look), width)
}

/// When the next attempt comes, while there is an outage; else nothing.
pub(super) fn next_try(data: &Data, look: &Look) -> Span<'static> {
    let theme = &look.theme;
    let Some(outage) = data
        .snapshot
        .outage
        .as_ref()
        .filter(|_| data.ended.is_none())
    else {
        return Span::raw("");
    };
    if data.snapshot.connection.status() == ConnectionStatus::Connecting {
        let begun = data.snapshot.busy_since;
        let age = begun.map(|begun| words::age(data.moment.now, begun));
        let words = format!("{} {}", text::TRYING, age.unwrap_or_default());
        return Span::styled(words, theme.accent.patch(theme.title));
    }
    if outage.lane == Lane::Paused {
        return Span::styled(text::PAUSED, theme.warn.patch(theme.title));
    }
    let left = outage
        .next_try
        .and_then(|due| words::left(data.moment.now, due));
    let words = match left {
        Some(left) => format!("next try in {left}"),
        None => text::NEXT_TRY_DUE.to_owned(),
    };
    Span::styled(words, theme.accent.patch(theme.title))
}

fn separator(look: &Look) -> Span<'static> {
    Span::styled(format!(" {} ", look.glyphs.dot), look.theme.dim)
}
