//! The facts of the connection pane, in words. Knows no columns and no sizes.

use ratatui::text::Span;

use crate::{
    domain::{HealthDetails, Lamp, LampState, Lane, PoolGauge, clean},
    tui::{
        data::Data,
        detail,
        panes::remedies,
        text,
        view::Look,
        widgets::{Fact, meter},
        words,
    },
};

/// From this share of used slots on, in percent, their holders are named.
const NEARLY_FULL: u64 = 80;

/// A clock that is this far off deserves a warning, in ms.
const SKEWED_MS: f64 = 1_000.0;

/// The facts in groups.
pub(super) struct Facts {
    /// How far a client gets.
    pub(super) lamps: Vec<Fact>,
    /// What can be done about what the lamps show.
    pub(super) remedies: Vec<Fact>,
    /// How the connection fares.
    pub(super) state: Vec<Fact>,
    /// What the server is; short values.
    pub(super) server: Vec<Fact>,
    /// What needs a whole line.
    pub(super) long: Vec<Fact>,
}

/// All there is to say.
pub(super) fn facts(data: &Data, look: &Look) -> Facts {
    let snapshot = &*data.snapshot;
    let good = snapshot.last_good.as_ref();
    let details = good.and_then(|good| good.details());
    let lamps = snapshot.lamps.named().into_iter();
    Facts {
        lamps: lamps
            .map(|(name, shown)| Fact::new(name, lamp(shown, look)))
            .collect(),
        remedies: remedies::facts(data, look),
        state: state(data, look),
        server: details
            .map(|details| server(details, data, look))
            .unwrap_or_default(),
        long: long(data, details, look),
    }
}

/// How the connection fares.
fn state(data: &Data, look: &Look) -> Vec<Fact> {
    let snapshot = &*data.snapshot;
    let theme = &look.theme;
    let connection = &snapshot.connection;
    let mut facts = Vec::new();
    // Each try of an outage is a new status; what lasts is the outage.
    let outage = snapshot.outage.as_ref().map(|outage| outage.since);
    let since = data.moment.local(outage.unwrap_or(connection.since()));
    let status = connection.status().as_str();
    facts.push(Fact::new("status", vec![Span::styled(status, theme.text)]));
    facts.push(Fact::new("since", vec![Span::styled(since, theme.text)]));
    let (errors, style) = match connection.error_count() {
        0 => ("none in a row".to_owned(), theme.ok),
        count => (format!("{count} in a row"), theme.bad),
    };
    facts.push(Fact::new("errors", vec![Span::styled(errors, style)]));
    if let Some(retries) = retries(data) {
        facts.push(Fact::new(
            "retries",
            vec![Span::styled(retries, theme.warn)],
        ));
    }
    facts
}

/// In phrases, so that a line ends where one of them does.
fn lamp(lamp: &Lamp, look: &Look) -> Vec<Span<'static>> {
    let (glyphs, theme) = (&look.glyphs, &look.theme);
    let (glyph, style) = match lamp.state {
        LampState::Unknown => (glyphs.unknown, theme.dim),
        LampState::Good => (glyphs.good, theme.ok),
        LampState::Warning => (glyphs.warning, theme.warn),
        LampState::Bad => (glyphs.failed, theme.bad),
        LampState::Off => (glyphs.off, theme.dim),
    };
    let words = format!("{glyph} {}", clean(&lamp.words));
    let phrases = words.split_inclusive(", ");
    let phrases = phrases.map(|phrase| Span::styled(phrase.trim_end().to_owned(), style));
    phrases.collect()
}

fn retries(data: &Data) -> Option<String> {
    let outage = data.snapshot.outage.as_ref()?;
    let lane = match outage.lane {
        Lane::Quick { retry, of } => format!("{retry} of {of}"),
        Lane::Slow => text::SLOW_SHORT.to_owned(),
        Lane::Paused => text::PAUSED_SHORT.to_owned(),
    };
    // The countdown to it is in the header.
    Some(match outage.next_try {
        Some(due) => format!("{lane}, at {}", data.moment.local(due)),
        None => lane,
    })
}

/// What the last good check told.
fn server(details: &HealthDetails, data: &Data, look: &Look) -> Vec<Fact> {
    let theme = &look.theme;
    let mut facts = Vec::new();
    let mut add = |label, value: Option<String>| {
        if let Some(value) = value {
            let value = clean(&value).into_owned();
            facts.push(Fact::new(label, vec![Span::styled(value, theme.text)]));
        }
    };
    add("server", details.server_version.clone());
    let rest = details.rest.as_ref();
    // Where few lines are to be seen, the key's kind is worth more.
    add("key", rest.map(|rest| rest.key.to_string()));
    add("service", rest.and_then(|rest| rest.service.clone()));
    add("role", details.role.clone());
    add("db name", details.database.clone());
    add("size", details.database_size_bytes.map(words::bytes));
    if let (Some(used), Some(max)) = (details.active_connections, details.max_connections) {
        facts.push(slots(used, max, look));
    }
    if let Some(gauge) = details.pool {
        facts.push(pool(gauge, look));
    }
    if let Some(ms) = details.clock_skew_ms {
        let style = if ms.abs() > SKEWED_MS {
            theme.warn
        } else {
            theme.text
        };
        let value = Span::styled(format!("{ms:+.1} ms"), style);
        facts.push(Fact::new("clock", vec![value]));
    }
    if let Some(tls) = &details.tls {
        // The cipher stands in the details of a check.
        let version = clean(tls).split(' ').next().unwrap_or_default().to_owned();
        let value = Span::styled(version, theme.text);
        facts.push(Fact::new("tls", vec![value]));
    }
    let id = data.snapshot.connection.id().to_string();
    // The end of a version 7 UUID is random; its start is the time.
    let tail = id.rsplit('-').next().unwrap_or(&id).to_owned();
    let tail = Span::styled(tail, theme.dim);
    facts.push(Fact::new("id", vec![tail]));
    facts
}

fn slots(used: u64, max: u64, look: &Look) -> Fact {
    let theme = &look.theme;
    let style = if is_nearly_full(used, max) {
        theme.warn
    } else {
        theme.text
    };
    let bar = meter(used, max, 6, &look.glyphs);
    let value = Span::styled(format!("{used} of {max} {bar}"), style);
    Fact::new("slots", vec![value])
}

fn is_nearly_full(used: u64, max: u64) -> bool {
    used.saturating_mul(100) >= max.saturating_mul(NEARLY_FULL)
}

fn pool(pool: PoolGauge, look: &Look) -> Fact {
    let theme = &look.theme;
    let counts = format!("{} of {},", pool.size, pool.max);
    let mut value = vec![
        Span::styled(counts, theme.text),
        Span::styled(format!("{} idle", pool.idle), theme.text),
    ];
    if pool.waiting > 0 {
        let waiting = format!("{} waiting", pool.waiting);
        value.push(Span::styled(waiting, theme.warn));
    }
    Fact::new("pool", value)
}

/// What needs a whole line.
fn long(data: &Data, details: Option<&HealthDetails>, look: &Look) -> Vec<Fact> {
    let theme = &look.theme;
    let snapshot = &*data.snapshot;
    let session = &*snapshot.session;
    let mut facts = Vec::new();
    let mut add = |label, words: String, style| {
        facts.push(Fact::new(
            label,
            vec![Span::styled(clean(&words).into_owned(), style)],
        ));
    };
    if let Some(details) = details {
        let slots = details.active_connections.zip(details.max_connections);
        if slots.is_some_and(|(used, max)| is_nearly_full(used, max)) {
            let holders = details.slot_holders.iter();
            let holders: Vec<_> = holders
                .map(|holder| format!("{} {}", holder.connections, holder.name))
                .collect();
            add("held by", holders.join(", "), theme.warn);
        }
        add("phases ms", detail::phases(details), theme.text);
        if let Some(rest) = &details.rest {
            add("role is", rest.role_is_from.clone(), theme.dim);
            add("asked", rest.asked_words(), theme.text);
            for tables in rest.table_words() {
                add("tables", tables, theme.text);
            }
        }
        if let Some(pooler) = details.pooler {
            add("pooler", pooler.mode.told(), theme.text);
            if let Some(words) = pooler.mode.watching() {
                add("watching", words.to_owned(), theme.text);
            }
        }
    }
    if let Some(direct) = &session.direct {
        let words = format!("{direct} as {}, for SQL and migrations", direct.role);
        add("direct", words, theme.text);
    }
    if let Some(words) = remedies::refusal(data) {
        add("migrate", words, theme.text);
    }
    if let Some(error) = snapshot.connection.last_error() {
        let seen = snapshot.errors.iter().rev();
        let mut seen = seen.filter(|entry| entry.error.message() == error);
        let at = seen.next().map(|entry| data.moment.local(entry.last));
        let at = at.map_or(String::new(), |at| format!("{at} "));
        add("last err.", format!("{at}{error}"), theme.text);
    }
    let chosen = session.chosen.map(|it| (it.kind, data.moment.local(it.at)));
    let chosen = chosen.as_ref().map(|(kind, at)| (*kind, at.as_str()));
    let reason = text::mode_reason(&session.mode_reason, chosen);
    add("mode", reason, theme.dim);
    let file = session.config_file.as_ref();
    let file = file.map_or("none".to_owned(), |file| file.display().to_string());
    add("config", file, theme.dim);
    facts
}
