//! Recovery and replication. Knows nothing of whether writes are expected.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::diagnose::columns::{column, seconds},
    },
    domain::{Exam, Finding},
};

/// A standby that is further behind shows old data, in seconds.
const FAR_BEHIND: f64 = 30.0;

pub(super) fn found(row: &Row) -> DbResult<Finding> {
    let in_recovery: bool = column(row, 0)?;
    let (behind, bytes): (Option<f64>, Option<i64>) = (column(row, 1)?, column(row, 2)?);
    let paused: Option<bool> = column(row, 3)?;
    let (standbys, lag): (i64, Option<f64>) = (column(row, 4)?, column(row, 5)?);
    let mut finding = if in_recovery {
        standby(behind, bytes)
    } else {
        let words = match standbys {
            0 => "a primary; no standby is seen".to_owned(),
            1 => "a primary with 1 standby".to_owned(),
            _ => format!("a primary with {standbys} standbys"),
        };
        Finding::ok(Exam::Standby, words)
    };
    finding.fact("inRecovery", in_recovery);
    finding.fact("standbys", standbys);
    if let Some(behind) = behind {
        finding.fact("replayAgeSeconds", behind);
    }
    if let Some(bytes) = bytes {
        finding.fact("replayBehindBytes", bytes);
    }
    if let Some(lag) = lag {
        finding.fact("slowestStandbySeconds", lag);
    }
    if paused == Some(true) {
        finding.warn("a standby whose replay is paused");
        finding.next = Some("resume it with pg_wal_replay_resume()".to_owned());
    }
    Ok(finding)
}

/// Without anything to replay the last transaction grows old and nothing lags.
fn standby(behind: Option<f64>, bytes: Option<i64>) -> Finding {
    let age = behind.map_or("nothing replayed yet".to_owned(), |behind| {
        format!("last replayed transaction {} old", seconds(behind))
    });
    let waiting = bytes.map_or(String::new(), |bytes| {
        format!(", {bytes} bytes wait for replay")
    });
    let words = format!("a standby or in recovery; {age}{waiting}");
    let mut finding = Finding::ok(Exam::Standby, words);
    if bytes.is_some_and(|bytes| bytes > 0) && behind.is_some_and(|behind| behind > FAR_BEHIND) {
        finding.warn(&format!("a standby that lags; {age}{waiting}"));
        finding.next =
            Some("look at the standby's load and at the network to its primary".to_owned());
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingStatus;

    #[track_caller]
    fn check(behind: Option<f64>, bytes: Option<i64>, status: FindingStatus) {
        assert_eq!(standby(behind, bytes).status, status);
    }

    #[test]
    fn an_idle_primary_makes_no_lag() {
        check(Some(3_600.0), Some(0), FindingStatus::Ok);
        check(Some(3_600.0), Some(16), FindingStatus::Warning);
        check(Some(1.0), Some(16), FindingStatus::Ok);
        check(None, None, FindingStatus::Ok);
    }
}
