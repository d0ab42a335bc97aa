//! Logs what a server remarks without being asked, and counts what would bury
//! the log; who asked to hear it, is told. Knows nothing of what a remark means.

use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::error::DbError as Remark;

use crate::{
    adapter::{
        Notice, NoticeSink,
        local::meter::{self, Allowance},
    },
    domain::excerpt,
};

/// So many remarks of one session are logged in each stretch of this length.
const LOGGED: u64 = 20;
const STRETCH: Duration = Duration::from_mins(1);

/// The remarks of one session. What is left out is told once a stretch, and at
/// the session's end.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    /// When the stretch began; absent before the first remark.
    began: Option<Instant>,
    /// How many came in it.
    came: u64,
    /// Who hears them, and what the session may still be sent.
    sink: Option<(NoticeSink, Allowance)>,
}

impl Remarks {
    /// Remarks that somebody hears, or nobody.
    pub(super) fn heard_by(sink: Option<&NoticeSink>, allowance: &Allowance) -> Self {
        Self {
            began: None,
            came: 0,
            sink: sink.map(|sink| (sink.clone(), allowance.clone())),
        }
    }

    /// A remark came.
    pub(super) fn note(&mut self, remark: &Remark, now: Instant) {
        if self.is_logged(now) {
            let (code, words) = (excerpt(remark.code().code()), excerpt(remark.message()));
            tracing::debug!(%code, %words, "the server remarks");
        }
    }

    /// Tells a remark to who hears them.
    pub(super) fn tell(&self, remark: &Remark) {
        if let Some((sink, allowance)) = &self.sink {
            // What was told is let go, so that no number of remarks is too many.
            allowance.renew(meter::STATEMENTS);
            sink.tell(Notice {
                severity: excerpt(remark.severity()),
                code: excerpt(remark.code().code()),
                message: excerpt(remark.message()),
                detail: remark.detail().map(excerpt),
                hint: remark.hint().map(excerpt),
            });
        }
    }

    fn is_logged(&mut self, now: Instant) -> bool {
        let is_over = |began| now.saturating_duration_since(began) >= STRETCH;
        if self.began.is_none_or(is_over) {
            self.tell_left_out();
            self.began = Some(now);
            self.came = 0;
        }
        self.came = self.came.saturating_add(1);
        self.came <= LOGGED
    }

    /// How many of this stretch were not logged.
    fn left_out(&self) -> u64 {
        self.came.saturating_sub(LOGGED)
    }

    fn tell_left_out(&self) {
        let more = self.left_out();
        if more > 0 {
            tracing::debug!("{more} more remarks of the server");
        }
    }
}

impl Drop for Remarks {
    fn drop(&mut self) {
        self.tell_left_out();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_each_stretch_begins_anew() {
        let start = Instant::now();
        let mut remarks = Remarks::default();
        let logged = |remarks: &mut Remarks, now| {
            let came = (0..1_000).filter(|_| remarks.is_logged(now));
            u64::try_from(came.count()).unwrap()
        };
        assert_eq!(logged(&mut remarks, start), LOGGED);
        assert_eq!(remarks.left_out(), 1_000 - LOGGED);
        let almost = start + STRETCH.mul_f64(0.99);
        assert_eq!(logged(&mut remarks, almost), 0);
        assert_eq!(remarks.left_out(), 2_000 - LOGGED);
        assert_eq!(logged(&mut remarks, start + STRETCH), LOGGED);
        assert_eq!(remarks.left_out(), 1_000 - LOGGED);
    }
}
