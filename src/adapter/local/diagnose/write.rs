//! Whether a new session can write: judged from settings, recovery and rights;
//! tried only when that is wished. Knows nothing of how rights are found.

use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult, WriteTest,
        local::{
            diagnose::{columns::column, examine::Limits, permission::Rights},
            phase_clock::timeout_error,
            session::Session,
        },
    },
    domain::{Action, DbError, ErrorKind, Exam, Finding, FindingStatus, HealthPolicy},
};

/// Makes a large object of one byte: every role may, no trigger and no
/// function of the database's owner is run, no sequence moves, and after the
/// rollback nothing is to be seen of it.
const WRITE_TEST: &str = include_str!("sql/write_test.sql");
const BEGIN: &str = "begin";
const ROLLBACK: &str = "rollback";

/// Whether the server lets a new session write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    ReadWrite,
    ReadOnly,
}

pub(super) fn found(
    row: &Row,
    policy: &HealthPolicy,
    rights: Option<&Rights>,
    access: &mut Option<Access>,
) -> DbResult<Finding> {
    let (in_recovery, is_read_only): (bool, bool) = (column(row, 0)?, column(row, 1)?);
    let by_default: bool = column(row, 2)?;
    let settings = Settings {
        in_recovery,
        is_read_only,
        by_default,
    };
    *access = Some(settings.access());
    let mut finding = settings.judged(policy, rights);
    finding.fact("inRecovery", in_recovery);
    finding.fact("transactionReadOnly", is_read_only);
    finding.fact("defaultTransactionReadOnly", by_default);
    Ok(finding)
}

/// Tries to write where that is wished and judged to work, and takes it back.
pub(super) async fn test(
    finding: &mut Finding,
    session: &mut Session,
    (access, wished): (Access, WriteTest),
    limits: Limits,
) {
    match (wished, access) {
        (WriteTest::Judge, Access::ReadOnly) => return,
        (WriteTest::Judge, Access::ReadWrite) => {
            finding.note("whether its disk has room is not seen from here");
            return;
        }
        (WriteTest::Try, Access::ReadOnly) => {
            finding.note("not tried: a session is read-only");
            return;
        }
        (WriteTest::Try, Access::ReadWrite) => {}
    }
    let began = Instant::now();
    let trying = async {
        let client = session.client();
        client.batch_execute(BEGIN).await?;
        let written = client.query_typed_one(WRITE_TEST, &[]).await;
        client.batch_execute(ROLLBACK).await?;
        written.map(drop)
    };
    let error = match timeout_at(limits.answers(), trying).await {
        Ok(Ok(())) => {
            finding.note("tried: a write went through and was rolled back");
            finding.fact("writeTest", true);
            finding.fact("writeTestMs", began.elapsed());
            return;
        }
        Ok(Err(error)) => session.classify(error, Action::Transaction).await,
        Err(_) => timeout_error(Action::Transaction, limits.timeout())
            .with_details("the write was not answered"),
    };
    finding.fact("writeTest", false);
    finding.warn(&crate::domain::cause_words(&error));
    finding.status = FindingStatus::Warning;
    finding.next = None;
    *finding = finding.clone().because(error);
}

/// What the server says of a new session.
#[derive(Debug, Clone, Copy)]
struct Settings {
    in_recovery: bool,
    is_read_only: bool,
    by_default: bool,
}

impl Settings {
    fn access(self) -> Access {
        if self.in_recovery || self.is_read_only || self.by_default {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        }
    }

    fn judged(self, policy: &HealthPolicy, rights: Option<&Rights>) -> Finding {
        let (cause, next) = match (self.in_recovery, self.by_default) {
            (true, _) => (
                "read-only: standby or recovery",
                Some("connect to the primary"),
            ),
            (false, true) => (
                "read-only: default_transaction_read_only is on",
                Some("end default_transaction_read_only for this role, database or server"),
            ),
            (false, false) => ("read-only: nothing can be written", None),
        };
        match (self.access(), policy.expects_writes) {
            (Access::ReadOnly, true) => {
                let error = DbError::new(Action::HealthCheck, ErrorKind::ReadOnly);
                let mut finding = Finding::warning(Exam::Write, cause).because(error);
                finding.next = next.map(str::to_owned);
                finding
            }
            (Access::ReadOnly, false) => Finding::ok(
                Exam::Write,
                format!("not expected (read_only); the server is {cause}"),
            ),
            (Access::ReadWrite, false) => Finding::ok(
                Exam::Write,
                "switched off by read_only; the server would take it",
            ),
            (Access::ReadWrite, true) => match rights {
                Some(rights) if rights.writable < rights.found => Finding::warning(
                    Exam::Write,
                    format!(
                        "a session can write, the role can write {} of {} tables",
                        rights.writable, rights.found
                    ),
                ),
                Some(_) | None => Finding::ok(Exam::Write, "a session can write (not tried)"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(settings: [bool; 3], expects_writes: bool, writable: usize, status: FindingStatus) {
        let [in_recovery, is_read_only, by_default] = settings;
        let settings = Settings {
            in_recovery,
            is_read_only,
            by_default,
        };
        let policy = HealthPolicy {
            slow_threshold: Duration::ZERO,
            expects_writes,
            requires_schema: true,
        };
        let rights = Rights { found: 9, writable };
        let finding = settings.judged(&policy, Some(&rights));
        assert_eq!(finding.status, status, "{finding:?}");
    }

    #[test]
    fn writing_is_judged_without_writing() {
        use FindingStatus::{Ok, Warning};
        check([false; 3], true, 9, Ok);
        check([false; 3], true, 8, Warning);
        check([true, true, false], true, 9, Warning);
        check([false, true, true], true, 9, Warning);
        check([false, true, true], false, 0, Ok);
        check([false; 3], false, 0, Ok);
    }
}
