//! What was seen of a row, and its comparison with what must be seen.

use std::{fmt::Debug, time::Duration};

use serde_json::Value;

use crate::{
    diagnosed::{self, Diagnosis},
    expected::{Failure, Promise, Recovery, SLACK},
    row::{Phase, Row},
    scene::Bed,
    words,
};

/// A failure as it was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) kind: String,
    pub(crate) code: Option<String>,
    pub(crate) layer: String,
    pub(crate) message: String,
    pub(crate) hint: String,
    pub(crate) details: String,
    /// Not on the screen.
    pub(crate) transient: Option<bool>,
}

/// What one of the program's commands said, run afresh while the cause was there.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// `health_check_timeout` as it was given.
    pub(crate) timeout: Duration,
    pub(crate) exit: i32,
    pub(crate) took: Duration,
    pub(crate) words: Option<Words>,
    pub(crate) reasons: Vec<String>,
    /// Parts of secrets that it printed.
    pub(crate) leaks: Vec<String>,
    /// What a diagnosis said beside that.
    pub(crate) diagnosis: Option<Diagnosis>,
}

/// What a row showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// What the screen or the caller was told.
    pub(crate) words: Option<Words>,
    /// Whether the marking words were on the screen.
    pub(crate) mark: Option<String>,
    /// How long after the cause it was told.
    pub(crate) visible: Option<Duration>,
    /// How long after the cause the connection was suspect.
    pub(crate) suspect: Option<Duration>,
    /// Whether another try came by itself.
    pub(crate) retried: Option<bool>,
    /// How long after it was told the next try had failed, too.
    pub(crate) again: Option<Duration>,
    /// Kinds that were told until it was back, in order.
    pub(crate) meanwhile: Vec<String>,
    /// How long after the cause was gone it was connected.
    pub(crate) back: Option<Duration>,
    /// What each instrument said, in the order of [`crate::instruments::ALL`].
    pub(crate) said: Vec<Said>,
    /// The screen on which something never came.
    pub(crate) never: Option<String>,
    /// What the truth checker found, and the screen at which it did.
    pub(crate) untrue: Vec<String>,
}

/// Cells that are not as they must be.
#[derive(Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<String>);

impl Faults {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "most cells are small, and a reference each would hide them"
    )]
    pub(crate) fn check<T: PartialEq + Debug>(&mut self, cell: &str, expected: T, seen: T) {
        if expected != seen {
            self.0
                .push(format!("{cell}: expected {expected:?}, seen {seen:?}"));
        }
    }

    fn time(&mut self, cell: &str, promise: Promise, seen: Option<Duration>, bed: &Bed) {
        let (time, limit) = (promise.time(bed), promise.limit(bed));
        match seen {
            Some(seen) if seen <= limit => {}
            Some(seen) => self.0.push(format!(
                "{cell}: expected {time:?} (with slack {limit:?}), seen {seen:?}"
            )),
            None => self
                .0
                .push(format!("{cell}: expected within {time:?}, never seen")),
        }
    }

    pub(crate) fn failure(&mut self, whose: &str, expected: &Failure, seen: &Words, bed: &Bed) {
        let mut check = |cell: &str, wanted: &str, found: &str| {
            self.check(&format!("{whose} {cell}"), wanted, found);
        };
        check("kind", expected.kind, &seen.kind);
        let code = seen.code.as_deref().unwrap_or_default();
        check("code", expected.code.unwrap_or_default(), code);
        check("layer", expected.layer, &seen.layer);
        let wanted = words::of(expected.kind);
        check("hint", expected.hint.unwrap_or(wanted.hint), &seen.hint);
        let timeout = bed.rhythm.timeout().as_millis().to_string();
        match wanted.message.split_once("{}") {
            None => check("message", wanted.message, &seen.message),
            Some((before, after)) if expected.kind == "Timeout" => {
                check(
                    "message",
                    &format!("{before}{timeout}{after}"),
                    &seen.message,
                );
            }
            Some((before, _)) => {
                let beginning = seen.message.get(..before.len()).unwrap_or_default();
                check("message", before, beginning);
            }
        }
        let told = format!("{} {}", seen.message, seen.details);
        if !told.contains(expected.says) {
            check("words", expected.says, &told);
        }
        if let Some(transient) = seen.transient {
            self.check(&format!("{whose} transient"), wanted.transient, transient);
        }
    }
}

/// Compares all cells.
pub(crate) fn compare(row: &Row, told: &Told) -> Faults {
    let mut faults = Faults::default();
    let (expected, bed) = (&row.expected, &row.bed);
    match (&expected.told, &told.words) {
        (Some(wanted), Some(words)) => {
            faults.failure("told", &expected.instead(*wanted, words), words, bed);
        }
        (Some(wanted), None) => faults.check("told", wanted.kind, "nothing"),
        (None, Some(words)) => faults.check("told", "nothing", words.kind.as_str()),
        (None, None) => {}
    }
    if let Some(mark) = expected.mark {
        faults.check("mark", Some(mark), told.mark.as_deref());
    }
    // What a caller is not told has no time.
    if row.phase != Phase::Statement || expected.told.is_some() {
        faults.time("visible", expected.within, told.visible, bed);
    }
    if let Some(promise) = expected.suspect {
        faults.time("suspect", promise, told.suspect, bed);
    }
    let kinds = expected.kinds();
    for kind in &told.meanwhile {
        if !kinds.contains(&kind.as_str()) {
            faults.check("meanwhile", format!("one of {kinds:?}"), kind.clone());
        }
    }
    if row.phase != Phase::Statement && expected.told.is_some() {
        faults.check("retried", Some(true), told.retried);
    }
    if let Some(rest) = expected.rests
        && told.again.is_none_or(|again| again + SLACK < rest)
    {
        faults.check("rests", Some(rest), told.again);
    }
    match expected.recovery {
        Recovery::ByItself(promise) => faults.time("recovery", promise, told.back, bed),
        Recovery::ByKey(_) => faults.time("recovery", Promise::Seconds(1), told.back, bed),
        Recovery::NotSeen => {}
    }
    for said in &told.said {
        faults.check("secrets printed", &Vec::new(), &said.leaks);
        match &said.diagnosis {
            Some(diagnosis) => diagnosed::compare(&mut faults, row, said, diagnosis),
            None => compare_check(&mut faults, row, said),
        }
    }
    faults.0.extend(told.untrue.iter().cloned());
    faults.0.extend(
        told.never
            .iter()
            .map(|screen| format!("the screen at the end:\n{screen}")),
    );
    faults
}

fn compare_check(faults: &mut Faults, row: &Row, said: &Said) {
    let (expected, bed) = (&row.expected, &row.bed);
    match (&expected.check, &said.words) {
        (Some(wanted), Some(words)) => {
            let wanted = &expected.instead(*wanted, words);
            faults.failure("check", wanted, words, bed);
            faults.check("check exit", exit_of(wanted.kind), said.exit);
            let allowed = said.timeout.mul_f64(1.2) + SLACK;
            if said.took > allowed {
                faults.check("check took", allowed, said.took);
            }
        }
        (Some(wanted), None) => faults.check("check", wanted.kind, "nothing"),
        (None, Some(words)) => faults.check("check", "nothing", words.kind.as_str()),
        (None, None) => faults.check("check exit", 0, said.exit),
    }
    // What struck an old connection alone is nothing to a fresh one.
    let is_mark_of_check = row.phase == Phase::Connecting && expected.told.is_none();
    if let Some(mark) = expected.mark.filter(|_| is_mark_of_check)
        && !said.reasons.iter().any(|reason| reason.contains(mark))
    {
        faults.check("check reasons", mark.to_owned(), said.reasons.join(", "));
    }
}

/// 2 where nobody answered, 1 where somebody did and refused.
pub(crate) fn exit_of(kind: &str) -> i32 {
    match kind {
        "ConnectionRefused" | "HostNotFound" | "HostUnreachable" | "ConnectionLost" | "Timeout" => {
            2
        }
        _ => 1,
    }
}

/// The layer in JSON, as the screen says it: `hostName` is `host name`.
pub(crate) fn layer_of(json: &Value) -> String {
    let mut words = String::new();
    for c in json.as_str().unwrap_or_default().chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}
