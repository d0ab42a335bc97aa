//! Whether two snapshots look the same on the screen, so that news which
//! change nothing cost no frame. Knows nothing of drawing.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{Outage, Snapshot};

/// A time to come is told in whole seconds, and computed anew for each
/// snapshot from two clocks: less than this is no difference.
const SAME_TIME: TimeDelta = TimeDelta::milliseconds(50);

/// True when a reader could not tell the screens of both apart.
pub(super) fn looks_alike(a: &Snapshot, b: &Snapshot) -> bool {
    Arc::ptr_eq(&a.session, &b.session)
        && a.connection == b.connection
        && a.verdict == b.verdict
        && a.lamps == b.lamps
        && a.busy_since == b.busy_since
        && is_same_time(a.next_check, b.next_check)
        && is_same_outage(a.outage.as_ref(), b.outage.as_ref())
        && has_same_lists(a, b)
}

fn has_same_lists(a: &Snapshot, b: &Snapshot) -> bool {
    let dropped = |snapshot: &Snapshot| {
        (
            snapshot.checks_dropped,
            snapshot.operations_dropped,
            snapshot.errors_dropped,
        )
    };
    a.last_good.as_ref().map(Arc::as_ptr) == b.last_good.as_ref().map(Arc::as_ptr)
        && Arc::ptr_eq(&a.checks, &b.checks)
        && Arc::ptr_eq(&a.operations, &b.operations)
        && Arc::ptr_eq(&a.errors, &b.errors)
        && dropped(a) == dropped(b)
}

fn is_same_outage(a: Option<&Outage>, b: Option<&Outage>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return a.is_none() && b.is_none();
    };
    a.since == b.since
        && Arc::ptr_eq(&a.error, &b.error)
        && a.failed_tries == b.failed_tries
        && a.lane == b.lane
        && is_same_time(a.next_try, b.next_try)
}

fn is_same_time(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return a == b;
    };
    (a - b).abs() < SAME_TIME
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Lane, tui::fixtures};

    #[track_caller]
    fn check(change: impl FnOnce(&mut Snapshot), alike: bool) {
        let before = fixtures::lost(fixtures::refused(), Lane::Slow);
        let mut after = before.clone();
        after.revision += 1;
        change(&mut after);
        assert_eq!(looks_alike(&before, &after), alike);
    }

    #[test]
    fn only_what_can_be_seen_makes_a_difference() {
        check(|_| {}, true);
        let shift = |snapshot: &mut Snapshot, ms| {
            let outage = snapshot.outage.as_mut().unwrap();
            let due = outage.next_try.as_mut().unwrap();
            *due += TimeDelta::milliseconds(ms);
        };
        check(|snapshot| shift(snapshot, 1), true);
        check(|snapshot| shift(snapshot, 700), false);
        check(|snapshot| snapshot.outage = None, false);
        check(
            |snapshot| snapshot.next_check = Some(fixtures::now()),
            false,
        );
        check(
            |snapshot| snapshot.busy_since = Some(fixtures::now()),
            false,
        );
        check(|snapshot| snapshot.checks_dropped += 1, false);
        check(|snapshot| snapshot.last_good = None, false);
        check(|snapshot| snapshot.errors = Arc::new([]), false);
        check(|snapshot| snapshot.connection.note_failure("other"), false);
    }
}
