//! Connection slots: how many are left, and who holds them. Knows nothing of
//! what the sessions do.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::diagnose::columns::{column, seconds, text, texts},
    },
    domain::{Exam, Finding},
};

/// A transaction that is idle for longer holds locks and rows back, in seconds.
const LONG_IDLE: f64 = 300.0;

pub(super) fn found(row: &Row) -> DbResult<Finding> {
    let (used, max): (i64, i64) = (column(row, 0)?, column(row, 1)?);
    let (for_superusers, for_others): (i64, Option<i64>) = (column(row, 2)?, column(row, 3)?);
    let (applications, roles) = (texts(row, 4)?, texts(row, 5)?);
    let (states, counts): (_, Vec<i64>) = (texts(row, 6)?, column(row, 7)?);
    let (idle_pid, idle_for): (Option<i64>, Option<f64>) = (column(row, 8)?, column(row, 10)?);
    let hidden: i64 = column(row, 11)?;
    let reserved = for_superusers + for_others.unwrap_or(0);
    let open = (max - reserved).max(0);
    let words = format!("{used} of {max} used, {reserved} reserved for superusers");
    let mut finding = Finding::ok(Exam::Slots, words);
    if used * 10 >= open * 9 {
        let words = format!("{used} of {open} slots for ordinary roles are used");
        finding.warn(&words);
        finding.next = Some("end idle sessions, raise max_connections, or use a pooler".to_owned());
    }
    let holders: Vec<_> = applications
        .iter()
        .zip(&roles)
        .zip(states.iter().zip(&counts))
        .map(|((application, role), (state, count))| {
            format!("{count} {application} as {role}, {state}")
        })
        .collect();
    if !holders.is_empty() {
        finding.note(format!("held by: {}", holders.join("; ")));
    }
    if let (Some(pid), Some(for_seconds)) = (idle_pid, idle_for) {
        let words = format!(
            "process {pid} ({}) is idle in a transaction for {}",
            text(row, 9).unwrap_or_default(),
            seconds(for_seconds)
        );
        if for_seconds > LONG_IDLE {
            finding.warn(&words);
            finding.next = Some(format!("end the transaction of process {pid}"));
        } else {
            finding.note(words);
        }
        finding.fact("idleInTransactionPid", pid);
        finding.fact("idleInTransactionSeconds", for_seconds);
    }
    if hidden > 0 {
        finding.note(format!(
            "what {hidden} sessions of others do is not shown to this role (pg_read_all_stats)"
        ));
    }
    finding.fact("used", used);
    finding.fact("max", max);
    finding.fact("reserved", reserved);
    finding.fact("holders", holders);
    Ok(finding)
}
