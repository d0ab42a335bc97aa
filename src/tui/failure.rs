//! The lines of the header while there is no connection. The first row alone
//! tells what, why, since when and what comes next; nothing is cut.

use ratatui::text::{Line, Span};

use crate::{
    domain::{ConnectionStatus, DbError, ErrorKind, Lane, Outage, clean},
    tui::{
        data::Data,
        header::state,
        identity::{GAP, Identity},
        text,
        view::Look,
        widgets::{flow, paragraph},
        words,
    },
};

/// Lines that the server's own words may take here; the details show them all.
const SERVER_LINES: usize = 2;

/// Columns that the first row may use, however wide the screen is: what
/// somebody sees who looks through a narrow window.
const FIRST_ROW: usize = 80;

/// The lines for the present status, which is not `connected`.
pub(super) fn lines(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    if let Some(outage) = &data.snapshot.outage {
        return outage_lines(outage, data, look, width);
    }
    let identity = Identity::of(data, look);
    let mut lines = introduce(vec![state(data, look)], identity, width);
    lines.extend(quiet(data, look, width));
    lines
}

/// Phrases that come first, then the identity behind them.
fn introduce(
    mut phrases: Vec<Span<'static>>,
    mut identity: Identity,
    width: usize,
) -> Vec<Line<'static>> {
    let gap = Span::raw(GAP);
    phrases.append(&mut identity.always);
    let mut lines = flow(phrases, &gap, width);
    if let Some(last) = lines.last_mut() {
        identity.fill(last, &gap, width);
    }
    lines.extend(identity.rest(width));
    lines
}

/// Without an outage: the first attempt, or nothing is tried.
fn quiet(data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let snapshot = &*data.snapshot;
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

/// ```text
/// ✖ error ConnectionLost 57P01 at tcp · since 07:38:29 · try 1 of 3 · next in 4 s
/// Database connection lost. Attempting to reconnect...
/// code 57P01 · at tcp · terminating connection due to administrator command
/// → look into the server's log for why it ended the connection
/// down since 07:38:29 (05:38:29 UTC) · 12 s · 2 tries failed
/// local db:5432/app  production  as app_rw
/// ```
/// The last line stands behind the first where there is room for it.
fn outage_lines(outage: &Outage, data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut identity = Identity::of(data, look);
    let gap = Span::raw(GAP);
    let mut lines = first_row(outage, data, look, width.min(FIRST_ROW));
    let needed: usize = identity.always.iter().map(|p| GAP.len() + p.width()).sum();
    let has_room = lines.len() == 1 && lines[0].width() + needed <= width;
    if let Some(first) = lines.first_mut().filter(|_| has_room) {
        for phrase in identity.always.drain(..) {
            first.push_span(gap.clone());
            first.push_span(phrase);
        }
        identity.fill(first, &gap, width);
    }
    lines.extend(cause(outage, look, width));
    let mut progress = progress(outage, data, look, width);
    if let Some(last) = progress.last_mut().filter(|_| identity.always.is_empty()) {
        identity.fill(last, &separator(look), width);
    }
    lines.append(&mut progress);
    if identity.always.is_empty() {
        lines.extend(identity.rest(width));
    } else {
        lines.extend(introduce(Vec::new(), identity, width));
    }
    lines
}

/// State, kind, a short reason, since, which try, and when it comes.
fn first_row(outage: &Outage, data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let state = state(data, look);
    let (theme, kind) = (&look.theme, outage.error.kind().name());
    let since = format!("since {}", data.moment.local(outage.since));
    let mut rest = vec![Span::styled(since, theme.text)];
    if data.ended.is_none() {
        if let Some(lane) = text::lane(outage.lane) {
            rest.push(Span::styled(lane, theme.text));
        }
        rest.push(next_try(outage, data, look));
    }
    let separator = separator(look);
    let rest_width: usize = rest.iter().map(|p| separator.width() + p.width()).sum();
    // The reason must not come and go with the digits of the countdown.
    let reserve = "00 s".len();
    let room = width.saturating_sub(state.width() + 1 + kind.len() + rest_width + reserve);
    let database = &data.snapshot.session.target.database;
    let reason = reason(&outage.error, database, room);
    let what = format!("{} {kind}{reason}", state.content);
    let mut phrases = vec![Span::styled(what, state.style)];
    phrases.append(&mut rest);
    flow(phrases, &separator, width)
}

/// Code and layer, or the database that does not exist, as much of them as fits;
/// each with a space before it.
fn reason(error: &DbError, database: &str, room: usize) -> String {
    let layer = format!(" at {}", error.layer().as_str());
    let code = error.code().map(|code| format!(" {}", clean(code)));
    let code = code.unwrap_or_default();
    let named = if error.kind() == ErrorKind::DatabaseMissing {
        format!("{code} {}", clean(database))
    } else {
        String::new()
    };
    let choices = [named, format!("{code}{layer}"), code, layer];
    let mut fitting = choices
        .into_iter()
        .filter(|words| !words.is_empty() && Span::raw(words.as_str()).width() <= room);
    fitting.next().unwrap_or_default()
}

/// The fixed message first, then the server's own words, then the next step.
fn cause(outage: &Outage, look: &Look, width: usize) -> Vec<Line<'static>> {
    let mut lines = paragraph(&message(outage), look.theme.bad, width);
    lines.extend(evidence(&outage.error, look, width));
    lines
}

/// The fixed message, without its promise to reconnect while nothing is tried.
pub(super) fn message(outage: &Outage) -> String {
    let message = outage.error.message();
    let told = match outage.lane {
        Lane::Paused if outage.error.kind() == ErrorKind::ConnectionLost => {
            message.split_inclusive(". ").next().unwrap_or_default()
        }
        Lane::Paused | Lane::Quick { .. } | Lane::Slow => &message,
    };
    clean(told.trim_end()).into_owned()
}

/// Code, layer and the server's own words, then the next step.
pub(super) fn evidence(error: &DbError, look: &Look, width: usize) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut facts = Vec::new();
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
    let mut lines = facts;
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

/// Since when there is no connection, for people and for other machines' logs.
fn progress(outage: &Outage, data: &Data, look: &Look, width: usize) -> Vec<Line<'static>> {
    let moment = &data.moment;
    let mut phrases = vec![format!("down since {}", moment.both(outage.since))];
    if data.is_ticking() {
        phrases.push(words::age(moment.now, outage.since));
    }
    phrases.push(text::failed_tries(outage.failed_tries).into_owned());
    let phrases = phrases
        .into_iter()
        .map(|words| Span::styled(words, look.theme.text));
    flow(phrases, &separator(look), width)
}

/// When the next attempt comes.
fn next_try(outage: &Outage, data: &Data, look: &Look) -> Span<'static> {
    let theme = &look.theme;
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
        Some(left) => format!("{} {left}", text::NEXT_IN),
        None => text::NEXT_TRY_DUE.to_owned(),
    };
    Span::styled(words, theme.accent.patch(theme.title))
}

fn separator(look: &Look) -> Span<'static> {
    Span::styled(format!(" {} ", look.glyphs.dot), look.theme.dim)
}
