//! Who waits for a lock, for how long, and who holds it. Knows nothing of what
//! is locked.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::diagnose::columns::{column, seconds, texts},
    },
    domain::{Exam, Finding},
};

/// A wait that is longer holds somebody up, in seconds.
const LONG_WAIT: f64 = 1.0;

pub(super) fn found(row: &Row) -> DbResult<Finding> {
    let (count, longest): (i64, Option<f64>) = (column(row, 0)?, column(row, 1)?);
    let (pids, roles): (Vec<i64>, _) = (column(row, 2)?, texts(row, 3)?);
    let (applications, waits): (_, Vec<f64>) = (texts(row, 4)?, column(row, 5)?);
    let blockers = texts(row, 6)?;
    let mut finding = Finding::ok(Exam::Blocking, "nobody waits for a lock");
    finding.fact("waiting", count);
    if count == 0 {
        return Ok(finding);
    }
    let lines: Vec<_> = pids
        .iter()
        .zip(&roles)
        .zip(applications.iter().zip(&waits).zip(&blockers))
        .map(|((pid, role), ((application, wait), blockers))| {
            let application = match application.as_str() {
                "" => String::new(),
                name => format!("{name}, "),
            };
            let since = match *wait {
                unknown if unknown < 0.0 => "for an unknown time".to_owned(),
                wait => format!("for {}", seconds(wait)),
            };
            format!("process {pid} ({application}{role}) waits {since} for {blockers}")
        })
        .collect();
    let longest = longest.unwrap_or(0.0);
    let words = format!(
        "{count} waiting for locks, the longest for {}",
        seconds(longest)
    );
    if longest >= LONG_WAIT {
        finding.warn(&words);
        finding.next =
            Some("end the transactions that hold the locks, or wait for them".to_owned());
    } else {
        finding.summary = words;
    }
    finding.notes.clone_from(&lines);
    finding.fact("longestWaitSeconds", longest);
    finding.fact("waits", lines);
    Ok(finding)
}
