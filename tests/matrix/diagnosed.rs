//! What a diagnosis of a row must say beyond what a check says, and the
//! comparison. It must not know how the cause came about.

use serde_json::Value;

use crate::{
    counters::Counters,
    expected::{Failure, SLACK},
    row::Row,
    seen::{Faults, Said, exit_of, layer_of},
    words,
};

/// The next step of a diagnosis that knows no better one.
const NO_ADVICE: &str = "Look at the lines above that are not ok.";

/// What a diagnosis must say where that does not follow from the check: one
/// that fails is diagnosed as unhealthy at its layer and for its cause, one
/// that succeeds as healthy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diagnosed {
    degraded: Option<Degraded>,
    says: Vec<&'static str>,
    advises: &'static str,
}

/// It is usable, and something is wrong at this layer.
#[derive(Debug, Clone, Copy)]
struct Degraded {
    layer: &'static str,
    kind: Option<&'static str>,
}

/// What a diagnosis said in words.
#[derive(Debug, Clone)]
pub(crate) struct Diagnosis {
    health: String,
    pub(crate) layer: String,
    pub(crate) verdict: String,
    pub(crate) next_step: String,
    /// Every summary and note, a line each.
    lines: String,
    pub(crate) counters: Counters,
}

// === impl Diagnosed ===

impl Diagnosed {
    /// It is usable, and not as it should be at this layer, for this cause
    /// where it is one of the known kinds.
    pub(crate) fn degraded(mut self, layer: &'static str, kind: Option<&'static str>) -> Self {
        self.degraded = Some(Degraded { layer, kind });
        self
    }

    /// Words that the verdict, a summary or a note must hold.
    pub(crate) fn says(mut self, words: &[&'static str]) -> Self {
        self.says = words.to_vec();
        self
    }

    /// Words that the next step must hold; the hint of the kind where there
    /// are none.
    pub(crate) fn advises(mut self, words: &'static str) -> Self {
        self.advises = words;
        self
    }
}

// === impl Diagnosis ===

impl Diagnosis {
    /// Reads what was printed as JSON.
    pub(crate) fn read(json: &Value, counters: Counters) -> Self {
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        let steps = json["steps"].as_array().into_iter().flatten();
        let lines = steps.flat_map(|step| {
            let notes = step["notes"].as_array().into_iter().flatten();
            std::iter::once(&step["summary"]).chain(notes)
        });
        let lines: Vec<_> = lines.filter_map(Value::as_str).collect();
        Self {
            health: text("health"),
            layer: layer_of(&json["layer"]),
            verdict: text("verdict"),
            next_step: text("nextStep"),
            lines: lines.join("\n"),
            counters,
        }
    }
}

/// Compares all cells of a diagnosis.
pub(crate) fn compare(faults: &mut Faults, row: &Row, said: &Said, seen: &Diagnosis) {
    let before = faults.0.len();
    let wanted = &row.expected.diagnosed;
    let expected = row.expected.check.map(|failure| match &said.words {
        Some(words) => row.expected.instead(failure, words),
        None => failure,
    });
    let limit = said.timeout * 2 + SLACK;
    if said.took > limit {
        faults.check("diagnose took", limit, said.took);
    }
    let (health, layer, begins) = match (&expected, wanted.degraded) {
        (Some(failure), _) => (
            "unhealthy",
            failure.layer,
            format!("Broken at {}: ", failure.layer),
        ),
        (None, Some(degraded)) => (
            "degraded",
            degraded.layer,
            format!("Usable, but degraded at {}: ", degraded.layer),
        ),
        (None, None) => ("healthy", "", "Healthy: ".to_owned()),
    };
    faults.check("diagnose health", health, &seen.health);
    faults.check("diagnose layer", layer, &seen.layer);
    if !seen.verdict.starts_with(&begins) {
        faults.check("diagnose verdict", begins, seen.verdict.clone());
    }
    let kind = match (&expected, wanted.degraded) {
        (Some(failure), _) => {
            broken(faults, row, failure, said, seen);
            Some(failure.kind)
        }
        (None, degraded) => {
            faults.check("diagnose exit", 0, said.exit);
            let kind = degraded.and_then(|degraded| degraded.kind);
            let found = said.words.as_ref().map(|words| words.kind.as_str());
            faults.check("diagnose kind", kind, found);
            kind
        }
    };
    for words in &wanted.says {
        if !seen.lines.contains(words) && !seen.verdict.contains(words) {
            faults.check("diagnose says", *words, &seen.lines);
        }
    }
    let hint = expected.and_then(|failure| failure.hint);
    let hint = hint.or(kind.map(|kind| words::of(kind).hint));
    advice(faults, wanted, hint, health, &seen.next_step);
    seen.counters.compare(faults);
    if faults.0.len() > before {
        let lines = seen.lines.replace('\n', "\n    ");
        faults.0.push(format!("the diagnosis:\n    {lines}"));
    }
}

fn broken(faults: &mut Faults, row: &Row, failure: &Failure, said: &Said, seen: &Diagnosis) {
    faults.check("diagnose exit", exit_of(failure.kind), said.exit);
    match &said.words {
        Some(words) => faults.failure("diagnose", failure, words, &row.bed),
        None => faults.check("diagnose", failure.kind, "nothing"),
    }
    let kind = match failure.code {
        Some(code) => format!(" ({}, {code}).", failure.kind),
        None => format!(" ({}).", failure.kind),
    };
    if !seen.verdict.ends_with(&kind) {
        faults.check("diagnose verdict", kind, seen.verdict.clone());
    }
}

fn advice(
    faults: &mut Faults,
    wanted: &Diagnosed,
    hint: Option<&str>,
    health: &str,
    next_step: &str,
) {
    let hint = hint.unwrap_or_default();
    let words = match (wanted.advises, health) {
        ("", "healthy") => "Nothing is to be done.",
        ("", _) => hint,
        (words, _) => words,
    };
    // The sentence begins with a capital.
    let holds = |text: &str| text.to_lowercase().contains(&words.to_lowercase());
    if words.is_empty() || next_step == NO_ADVICE || !holds(next_step) {
        faults.check("diagnose next step", words, next_step);
    }
}
