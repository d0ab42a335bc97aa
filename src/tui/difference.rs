//! What a reader could tell apart in two snapshots, so that news which change
//! nothing cost no frame. Knows nothing of drawing.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{ConnectionStatus, Outage, Rehearsed, Snapshot};

/// A time to come is told in whole seconds, and computed anew for each
/// snapshot from two clocks: less than this is no difference.
const SAME_TIME: TimeDelta = TimeDelta::milliseconds(50);

/// What a newer snapshot shows that the one before did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// Nothing.
    None,
    /// A check or another try is under way; nothing else is new.
    Begun,
    /// Something else.
    Some,
}

/// What a reader could tell apart in the screens of both.
pub(super) fn difference(before: &Snapshot, after: &Snapshot) -> Difference {
    if !has_same_facts(before, after) {
        return Difference::Some;
    }
    let is_same_step = before.connection == after.connection
        && before.busy_since == after.busy_since
        && Arc::ptr_eq(&before.operations, &after.operations)
        && is_same_time(before.next_check, after.next_check)
        && is_same_outage(before.outage.as_ref(), after.outage.as_ref());
    if is_same_step {
        return Difference::None;
    }
    let is_retry = (before.connection.status(), after.connection.status())
        == (ConnectionStatus::Error, ConnectionStatus::Connecting);
    let is_check = before.connection == after.connection;
    if after.busy_since.is_some() && (is_check || is_retry) {
        return Difference::Begun;
    }
    Difference::Some
}

fn has_same_facts(a: &Snapshot, b: &Snapshot) -> bool {
    Arc::ptr_eq(&a.session, &b.session)
        && a.verdict == b.verdict
        && a.suspect_since == b.suspect_since
        && a.lamps == b.lamps
        && is_same_rehearsal(a.rehearsal.as_ref(), b.rehearsal.as_ref())
        && a.diagnosis.as_ref().map(Arc::as_ptr) == b.diagnosis.as_ref().map(Arc::as_ptr)
        && a.migrations.as_ref().map(Arc::as_ptr) == b.migrations.as_ref().map(Arc::as_ptr)
        && a.migration.as_ref().map(Arc::as_ptr) == b.migration.as_ref().map(Arc::as_ptr)
        && a.alternatives.as_ref().map(Arc::as_ptr) == b.alternatives.as_ref().map(Arc::as_ptr)
        && a.review.as_ref().map(Arc::as_ptr) == b.review.as_ref().map(Arc::as_ptr)
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

fn is_same_rehearsal(a: Option<&Rehearsed>, b: Option<&Rehearsed>) -> bool {
    let (Some(a), Some(b)) = (a, b) else {
        return a == b;
    };
    let (before, after) = (a.next.unzip(), b.next.unzip());
    a.scenario == b.scenario
        && a.condition == b.condition
        && before.1 == after.1
        && is_same_time(before.0, after.0)
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
    use crate::{
        domain::{Lane, Step},
        tui::fixtures,
    };

    #[track_caller]
    fn check(change: impl FnOnce(&mut Snapshot), expected: Difference) {
        let before = fixtures::lost(fixtures::refused(), Lane::Slow);
        let mut after = before.clone();
        after.revision += 1;
        change(&mut after);
        assert_eq!(difference(&before, &after), expected);
    }

    #[test]
    fn only_what_can_be_seen_makes_a_difference() {
        use Difference::{None, Some as Seen};
        check(|_| {}, None);
        let shift = |snapshot: &mut Snapshot, ms| {
            let outage = snapshot.outage.as_mut().unwrap();
            let due = outage.next_try.as_mut().unwrap();
            *due += TimeDelta::milliseconds(ms);
        };
        check(|snapshot| shift(snapshot, 1), None);
        check(|snapshot| shift(snapshot, 700), Seen);
        check(|snapshot| snapshot.outage = Option::None, Seen);
        check(|snapshot| snapshot.next_check = Some(fixtures::now()), Seen);
        check(|snapshot| snapshot.operations = Arc::new([]), Seen);
        check(|snapshot| snapshot.checks_dropped += 1, Seen);
        check(|snapshot| snapshot.last_good = Option::None, Seen);
        check(|snapshot| snapshot.errors = Arc::new([]), Seen);
        check(|snapshot| snapshot.connection.note_failure("other"), Seen);
    }

    #[test]
    fn a_check_or_a_try_that_begins_changes_nothing_else() {
        let begin = |snapshot: &mut Snapshot| {
            snapshot.busy_since = Some(fixtures::now());
            snapshot.operations = Arc::new([]);
            snapshot.outage.as_mut().unwrap().next_try = None;
        };
        check(begin, Difference::Begun);
        let retry = |snapshot: &mut Snapshot| {
            let retried = snapshot.connection.apply(Step::Retry, fixtures::now());
            retried.unwrap();
            begin(snapshot);
        };
        check(retry, Difference::Begun);
        let with_an_error = |snapshot: &mut Snapshot| {
            retry(snapshot);
            snapshot.errors = Arc::new([]);
        };
        check(with_an_error, Difference::Some);
    }
}
