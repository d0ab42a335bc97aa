//! What a screen claims, read as a person reads it. It must not know what is
//! true.

use std::time::Duration;

use crate::seen::Words;

/// The layers, as the screen names them.
const LAYERS: [&str; 10] = [
    "own side",
    "host name",
    "tcp",
    "tls",
    "login",
    "rest",
    "database",
    "permission",
    "schema",
    "statement",
];

/// The claims of one screen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    /// The word beside the first glyph: `connected`, `error`, …
    pub(crate) state: String,
    /// The header's lines as one text.
    pub(crate) head: String,
    /// The whole screen.
    pub(crate) text: String,
    /// The kind of the failure, while there is one.
    pub(crate) failure: Option<Words>,
    /// `since HH:MM:SS`, in seconds of the day.
    pub(crate) since: Option<i64>,
    /// `down since …`: for how long.
    pub(crate) down_for: Option<Duration>,
    /// Attempts that failed.
    pub(crate) failed_tries: u32,
    /// Ages of the newest answer, wherever it is told, with its latency where told.
    pub(crate) answers: Vec<(Duration, Option<Duration>)>,
    /// Ages of the newest good check, and of what panes show.
    pub(crate) checks: Vec<Duration>,
}

/// Reads a screen.
pub(crate) fn read(screen: &str) -> Claims {
    let lines: Vec<&str> = screen.lines().collect();
    let is_pane = |line: &&str| line.starts_with(['┏', '┌']);
    let end = lines.iter().position(is_pane).unwrap_or(lines.len());
    let head = lines[..end]
        .iter()
        .map(|line| line.trim_end())
        .collect::<Vec<_>>();
    let first = head.first().copied().unwrap_or_default();
    let mut claims = Claims {
        state: state(first),
        head: head.join(" "),
        text: screen.to_owned(),
        failed_tries: failed_tries(&head),
        ..Claims::default()
    };
    claims.since = after(&claims.head, "since ").and_then(time_of_day);
    if claims.state == "error" || head.iter().any(|line| line.starts_with("down since")) {
        claims.failure = failure(&head);
        claims.down_for = head
            .iter()
            .find(|line| line.starts_with("down since"))
            .and_then(|line| line.split(" · ").nth(1))
            .and_then(span);
    }
    for place in places(screen, "last good answer ") {
        if let Some((age, rest)) = place.split_once(" ago") {
            let took = rest.strip_prefix(" in ").and_then(latency);
            claims.answers.extend(span(age).map(|age| (age, took)));
        }
    }
    for words in ["good check ", "as of "] {
        for place in places(screen, words) {
            let age = place.split_once(" ago").and_then(|(age, _)| span(age));
            claims.checks.extend(age);
        }
    }
    claims
}

impl Claims {
    /// These words stand in the header, or within one line elsewhere.
    pub(crate) fn says(&self, words: &str) -> bool {
        self.head.contains(words) || self.text.contains(words)
    }

    /// Connected, and no word of anything being wrong.
    pub(crate) fn is_well(&self) -> bool {
        self.state == "connected" && !self.is_marked()
    }

    /// Something beside `connected` says that not all is well.
    pub(crate) fn is_marked(&self) -> bool {
        ["suspect", "degraded", "unhealthy", "first check under way"]
            .iter()
            .any(|word| self.head.contains(word))
    }
}

/// `✖ error …`, `● connected …`, `◌ connecting …`; nothing else begins so.
fn state(first: &str) -> String {
    let words: Vec<&str> = first.split_whitespace().take(2).collect();
    match words.as_slice() {
        [
            _,
            word @ ("connected" | "connecting" | "disconnected" | "error"),
        ] => (*word).to_owned(),
        _ => String::new(),
    }
}

/// The rows of a failure: kind, code and layer; message; the server's words; next step.
fn failure(head: &[&str]) -> Option<Words> {
    let first = head.first()?;
    let what = first.split(" · ").next()?;
    let mut words = what.split_whitespace().skip(2);
    let kind = words.next()?.to_owned();
    if kind == "since" || !kind.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None;
    }
    let hint_at = head.iter().position(|line| line.starts_with("→ "))?;
    let code_at = head[..hint_at]
        .iter()
        .position(|line| line.starts_with("code ") || line.starts_with("at "))?;
    let details = head[code_at..hint_at].join(" ");
    let code = details.strip_prefix("code ");
    let code = code.and_then(|rest| rest.split(" · ").next());
    // Lines of the server's words may follow without a separator.
    let layer = details
        .split(" · ")
        .filter_map(|part| part.strip_prefix("at "))
        .find_map(|part| LAYERS.iter().find(|layer| part.starts_with(**layer)));
    let hint_end = head[hint_at..]
        .iter()
        .position(|line| line.starts_with("down since"))
        .map_or(head.len(), |end| hint_at + end);
    Some(Words {
        kind,
        code: code.map(str::to_owned),
        layer: (*layer?).to_owned(),
        message: head[1..code_at].join(" "),
        hint: head[hint_at..hint_end].join(" ")["→ ".len()..].to_owned(),
        details,
        transient: None,
    })
}

fn failed_tries(head: &[&str]) -> u32 {
    let line = head.iter().find(|line| line.starts_with("down since"));
    let mut parts = line.into_iter().flat_map(|line| line.split(" · "));
    let count = |part: &str| {
        let number = part
            .strip_suffix(" tries failed")
            .or(part.strip_suffix(" try failed"))?;
        number.parse().ok()
    };
    parts.find_map(count).unwrap_or(0)
}

/// What follows these words, wherever they stand.
fn places<'a>(screen: &'a str, words: &'a str) -> impl Iterator<Item = &'a str> {
    screen.lines().flat_map(move |line| {
        line.match_indices(words)
            .map(move |(at, _)| &line[at + words.len()..])
    })
}

fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    text.split_once(words).map(|(_, rest)| rest)
}

/// `HH:MM:SS`.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.get(..8)?.split(':').map(str::parse::<i64>);
    let mut next = || parts.next()?.ok();
    Some(next()? * 3_600 + next()? * 60 + next()?)
}

/// `42 s`, `2 min 04 s`, `3 h 12 min`, `2 d 4 h`: at least so long.
fn span(text: &str) -> Option<Duration> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut seconds = 0;
    for pair in words.chunks(2) {
        let [number, unit] = pair else { return None };
        let factor = match *unit {
            "s" => 1,
            "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        seconds += number.parse::<u64>().ok()? * factor;
    }
    Some(Duration::from_secs(seconds))
}

/// `0.42 ms` or `1.24 s` at the beginning.
fn latency(text: &str) -> Option<Duration> {
    let mut words = text.split_whitespace();
    let number: f64 = words.next()?.parse().ok()?;
    match words.next()? {
        "ms" => Some(Duration::from_secs_f64(number / 1e3)),
        "s" => Some(Duration::from_secs_f64(number)),
        _ => None,
    }
}
