//! Everything about one row, in full: nothing is cut, long text is wrapped.
//! The row is kept as it was when it was opened.

use std::sync::Arc;

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    domain::{
        DatabaseOperation, ErrorEntry, HealthCheckResult, HealthDetails, Outcome, RestDetails,
        clean,
    },
    tui::{
        clock::Moment,
        data::Data,
        view::{Look, Overlay, View},
        widgets::{Fact, Popup, labelled, popup},
        words,
    },
};

/// The row that is shown.
pub(super) enum Detail {
    Check(Arc<HealthCheckResult>),
    Operation(Arc<DatabaseOperation>),
    Error(ErrorEntry),
}

/// A name and its text, before it is wrapped.
type Entry = (&'static str, String, Style);

impl Detail {
    /// The details of a health check.
    pub(super) fn check(check: &Arc<HealthCheckResult>) -> Self {
        Self::Check(Arc::clone(check))
    }

    /// The details of an operation.
    pub(super) fn operation(operation: &Arc<DatabaseOperation>) -> Self {
        Self::Operation(Arc::clone(operation))
    }

    /// The details of folded errors.
    pub(super) fn error(entry: &ErrorEntry) -> Self {
        Self::Error(entry.clone())
    }

    const fn title(&self) -> &'static str {
        match self {
            Self::Check(_) => "Health check",
            Self::Operation(_) => "Operation",
            Self::Error(_) => "Error",
        }
    }

    fn entries(&self, moment: &Moment, look: &Look) -> Vec<Entry> {
        match self {
            Self::Check(check) => check_entries(check, moment, look),
            Self::Operation(operation) => operation_entries(operation, moment, look),
            Self::Error(entry) => error_entries(entry, moment, look),
        }
    }
}

/// Draws the details over the panes.
pub(super) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = &view.look;
    let Some(Overlay::Detail(detail, scroll)) = &mut view.overlay else {
        return;
    };
    let entries = detail.entries(&data.moment, look);
    let lines = |width| wrapped(&entries, look, width);
    let content = Popup {
        lines,
        scroll,
        look,
    };
    popup(frame, area, detail.title(), content);
}

fn wrapped(entries: &[Entry], look: &Look, width: usize) -> Vec<Line<'static>> {
    let entries = entries.iter().filter(|(_, text, _)| !text.is_empty());
    entries
        .flat_map(|(label, text, style)| {
            let value = vec![Span::styled(clean(text).into_owned(), *style)];
            labelled(Fact::new(label, value), &look.theme, width)
        })
        .collect()
}

fn error_entries(entry: &ErrorEntry, moment: &Moment, look: &Look) -> Vec<Entry> {
    let theme = &look.theme;
    let error = &*entry.error;
    let seen = match entry.count {
        1 => moment.both(entry.last),
        count => format!(
            "{} {count}, from {} to {}",
            look.glyphs.times,
            moment.both(entry.first),
            moment.both(entry.last)
        ),
    };
    let again = if error.is_transient() {
        "may go away by itself"
    } else {
        "will not go away by itself"
    };
    let mut entries = vec![
        ("message", error.message(), theme.bad),
        ("next step", error.hint().to_owned(), theme.accent),
        ("kind", error.kind().name().to_owned(), theme.text),
        (
            "code",
            error.code().unwrap_or("none").to_owned(),
            theme.text,
        ),
        ("layer", error.layer().as_str().to_owned(), theme.text),
        ("during", error.action().as_str().to_owned(), theme.text),
        (
            "details",
            error.details().unwrap_or_default().to_owned(),
            theme.text,
        ),
        ("seen", seen, theme.text),
        ("retry", again.to_owned(), theme.text),
    ];
    entries.extend(error.causes().map(|cause| ("because", cause, theme.text)));
    entries
}

fn operation_entries(operation: &DatabaseOperation, moment: &Moment, look: &Look) -> Vec<Entry> {
    let theme = &look.theme;
    let started = operation.start_time();
    let mut entries = match operation.outcome() {
        Outcome::Running => {
            let age = words::age(moment.now, started);
            vec![(
                "outcome",
                format!("running when opened, begun {age} ago"),
                theme.accent,
            )]
        }
        Outcome::Succeeded {
            duration,
            affected_rows,
        } => vec![
            ("outcome", "succeeded".to_owned(), theme.ok),
            ("duration", words::latency(*duration), theme.text),
            (
                "rows",
                affected_rows.map_or("unknown".to_owned(), |rows| rows.to_string()),
                theme.text,
            ),
        ],
        Outcome::Failed { duration, error } => vec![
            ("outcome", "FAILED".to_owned(), theme.bad),
            ("error", error.clone(), theme.bad),
            ("duration", words::latency(*duration), theme.text),
        ],
    };
    entries.extend([
        ("type", operation.kind().as_str().to_owned(), theme.text),
        ("service", operation.service().to_owned(), theme.text),
        (
            "table",
            operation.table().unwrap_or("none").to_owned(),
            theme.text,
        ),
        ("started", moment.both(started), theme.text),
        ("id", operation.id().to_string(), theme.dim),
        ("conn. id", operation.connection_id().to_string(), theme.dim),
    ]);
    entries
}

fn check_entries(check: &HealthCheckResult, moment: &Moment, look: &Look) -> Vec<Entry> {
    let theme = &look.theme;
    let mut entries = match check.error() {
        None => vec![("outcome", "ok".to_owned(), theme.ok)],
        Some(error) => vec![
            ("outcome", "FAILED".to_owned(), theme.bad),
            ("error", error.to_owned(), theme.bad),
        ],
    };
    entries.push(("latency", words::latency(check.latency()), theme.text));
    entries.push(("begun", moment.both(check.timestamp()), theme.text));
    if let Some(details) = check.details() {
        let facts = details_entries(details);
        entries.extend(facts.map(|(label, text)| (label, text, theme.text)));
    }
    let id = check.connection_id().to_string();
    entries.push(("conn. id", id, theme.dim));
    entries
}

/// What was learned, an empty text where it was not.
fn details_entries(details: &HealthDetails) -> impl Iterator<Item = (&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let yes_no = |value: Option<bool>| match value {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => String::new(),
    };
    let slots = details.active_connections.zip(details.max_connections);
    let holders = details.slot_holders.iter();
    let holders: Vec<_> = holders
        .map(|holder| format!("{} {}", holder.connections, holder.name))
        .collect();
    let pool = details.pool.map(|pool| {
        format!(
            "{} open, {} idle, {} waiting, at most {}",
            pool.size, pool.idle, pool.waiting, pool.max
        )
    });
    let rest = details.rest.as_ref();
    [
        ("phases ms", phases(details)),
        ("service", text(&rest.and_then(|rest| rest.service.clone()))),
        ("key", rest.map(RestDetails::key_words).unwrap_or_default()),
        (
            "asked",
            rest.map(RestDetails::asked_words).unwrap_or_default(),
        ),
        (
            "tables",
            rest.map(|rest| rest.table_words().join("; "))
                .unwrap_or_default(),
        ),
        ("server", text(&details.server_version)),
        ("role", text(&details.role)),
        ("database", text(&details.database)),
        (
            "size",
            details
                .database_size_bytes
                .map(words::bytes)
                .unwrap_or_default(),
        ),
        (
            "slots",
            slots
                .map(|(used, max)| format!("{used} of {max}"))
                .unwrap_or_default(),
        ),
        ("held by", holders.join(", ")),
        (
            "pooler",
            details
                .pooler
                .map(|pooler| pooler.mode.told())
                .unwrap_or_default(),
        ),
        ("pool", pool.unwrap_or_default()),
        ("recovery", yes_no(details.in_recovery)),
        ("read-only", yes_no(details.read_only)),
        (
            "clock",
            details
                .clock_skew_ms
                .map(|ms| format!("{ms:+.1} ms"))
                .unwrap_or_default(),
        ),
        ("tls", text(&details.tls)),
        (
            "missing",
            details
                .missing_tables
                .as_ref()
                .map(|tables| tables.join(", "))
                .unwrap_or_default(),
        ),
        ("migrations", migrations(details)),
        ("identity", text(&details.fingerprint)),
    ]
    .into_iter()
}

/// How the migrations stand, and what speaks against them.
fn migrations(details: &HealthDetails) -> String {
    let Some(summary) = &details.migrations else {
        return String::new();
    };
    match &summary.problem {
        Some(problem) => format!("{summary}: {problem}"),
        None => summary.to_string(),
    }
}

/// The phases with their times; one that was not reached is said so.
pub(super) fn phases(details: &HealthDetails) -> String {
    let (named, of_request) = (details.phases.named(), details.phases.of_request());
    let phases: &[_] = match details.rest {
        Some(_) => &of_request,
        None => &named,
    };
    let phases: Vec<_> = phases
        .iter()
        .map(|(name, time)| match time {
            Some(time) => format!("{name} {}", words::milliseconds(*time)),
            None => format!("{name} -"),
        })
        .collect();
    phases.join(" ")
}
