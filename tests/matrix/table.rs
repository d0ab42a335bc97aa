//! The table on standard output. It must not know how it was filled.

use std::{
    io::{Write, stdout},
    process::ExitCode,
    time::Duration,
};

use crate::{
    expected::{Promise, Recovery},
    instruments,
    row::Row,
    seen::{Said, Told},
};

/// How a row ended.
#[derive(Debug)]
pub(crate) enum Verdict {
    Passed,
    Failed(Vec<String>),
    NotRun(String),
}

/// Prints the heads of the columns.
pub(crate) fn heads() {
    let mut cells = vec![
        format!("{:<66}", "row"),
        format!("{:<19}", "kind"),
        format!("{:<8}", "code"),
        format!("{:<10}", "layer"),
        format!("{:>15}", "visible"),
        format!("{:>7}", "suspect"),
        format!("{:<9}", "transient"),
        format!("{:<7}", "retried"),
        format!("{:>17}", "recovery"),
    ];
    for instrument in instruments::ALL {
        cells.push(format!("{:>13}", instrument.name));
    }
    cells.push("verdict".to_owned());
    line(&cells.join("  "));
    line(
        "  message → next step; verdict → next step of a diagnosis; what is said until it is back",
    );
}

/// Prints a row that was run.
pub(crate) fn row(row: &Row, told: &Told, verdict: &Verdict) {
    let words = told.words.clone().or_else(|| {
        let first = told.said.first()?;
        first.words.clone()
    });
    let kind = match (&told.words, &told.mark) {
        (Some(words), _) => words.kind.clone(),
        (None, Some(_)) => "(connected)".to_owned(),
        (None, None) => "(well)".to_owned(),
    };
    let words = words.unwrap_or_default();
    let transient = words.transient.or_else(|| {
        let said = told.said.iter().find_map(|said| said.words.as_ref())?;
        said.transient
    });
    let mut cells = vec![
        format!("{:<66}", row.name),
        format!("{kind:<19}"),
        format!("{:<8}", words.code.as_deref().unwrap_or("–")),
        format!("{:<10}", or_dash(&words.layer)),
        format!("{:>15}", time(told.visible, Some(row.expected.within), row)),
        format!("{:>7}", seconds(told.suspect)),
        format!("{:<9}", yes(transient)),
        format!("{:<7}", yes(told.retried)),
        format!("{:>17}", recovery(row, told)),
    ];
    for at in 0..instruments::ALL.len() {
        cells.push(format!(
            "{:>13}",
            told.said.get(at).map_or("–".into(), said)
        ));
    }
    cells.push(
        match verdict {
            Verdict::Passed => "ok",
            Verdict::Failed(_) => "FAILED",
            Verdict::NotRun(_) => "not run",
        }
        .to_owned(),
    );
    line(&cells.join("  "));
    if let Some(mark) = &told.mark {
        line(&format!("  ▲ {mark}"));
    }
    if !words.message.is_empty() {
        line(&format!("  {} → {}", words.message, words.hint));
    }
    for diagnosis in told.said.iter().filter_map(|it| it.diagnosis.as_ref()) {
        let written = match diagnosis.counters.changed() {
            Some(true) => "rows were written",
            Some(false) => "no row written",
            None => "rows not counted",
        };
        line(&format!(
            "  diagnose: {} → {} [{written}]",
            diagnosis.verdict, diagnosis.next_step
        ));
    }
    if !told.meanwhile.is_empty() {
        line(&format!("  said: {}", told.meanwhile.join(", ")));
    }
    if let Verdict::Failed(faults) = verdict {
        for fault in faults {
            line(&format!("  ✖ {fault}"));
        }
    }
}

/// Prints a row that was not run.
pub(crate) fn not_run(row: &Row, reason: &str) {
    line(&format!("{:<66}  not run: {reason}", row.name));
}

/// Prints a row that does not end, and what has panicked meanwhile.
pub(crate) fn hangs(row: &Row, longest: Duration, panics: &[String]) {
    let minutes = longest.as_secs() / 60;
    line(&format!(
        "{:<66}  FAILED: not over after {minutes} min",
        row.name
    ));
    for panic in panics {
        line(&format!("  ✖ {panic}"));
    }
}

/// Prints the sums; the counts stand alone on the last line.
pub(crate) fn sums(counts: [usize; 3], took: Duration, budget: Duration) {
    let [passed, failed, not_run] = counts;
    line("");
    if not_run > 0 {
        line(&format!("not run: {not_run}"));
    }
    line(&format!(
        "total {:.0} s of at most {:.0} s",
        took.as_secs_f64(),
        budget.as_secs_f64()
    ));
    let skipped = match not_run {
        0 => String::new(),
        _ => format!(", {not_run} skipped"),
    };
    line(&format!("{passed} passed, {failed} failed{skipped}"));
}

/// Lists the rows in the usual form.
pub(crate) fn list(rows: &[Row]) -> ExitCode {
    for row in rows {
        line(&format!("{}: test", row.name));
    }
    ExitCode::SUCCESS
}

fn recovery(row: &Row, told: &Told) -> String {
    match row.expected.recovery {
        Recovery::NotSeen => "–".to_owned(),
        Recovery::ByItself(promise) => time(told.back, Some(promise), row),
        Recovery::ByKey(key) => {
            format!("{key}: {}", time(told.back, Some(Promise::Seconds(1)), row))
        }
    }
}

fn time(seen: Option<Duration>, promise: Option<Promise>, row: &Row) -> String {
    let Some(seen) = seen else {
        return "–".to_owned();
    };
    let promised = promise.map(|promise| promise.time(&row.bed));
    format!("{} ≤ {}", seconds(Some(seen)), seconds(promised))
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or("–".to_owned(), |time| {
        format!("{:.2} s", time.as_secs_f64())
    })
}

fn yes(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "yes",
        Some(false) => "no",
        None => "–",
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}

fn said(said: &Said) -> String {
    format!("exit {} {:.2} s", said.exit, said.took.as_secs_f64())
}

fn line(text: &str) {
    // Nobody is left to be told when standard output is gone.
    writeln!(stdout(), "{text}").ok();
}
