//! The phase Connected: what guard and checks say together.

use std::{sync::Arc, time::Duration};

use crate::{
    adapter::Beat,
    backend::{
        clock::Moment,
        machine::{
            Rhythm,
            guard_state::{GUARD_AGAIN, Guard, is_shutting_down, tardy_guard},
            knocking::Knocking,
            verdict::Verdict,
        },
    },
    domain::{DbError, ErrorKind},
};

/// Silence for this long makes the connection suspect.
pub(in crate::backend) const LATE_AFTER: Duration = Duration::from_secs(1);

/// So many of the newest heartbeats say whether the database is slow.
const HEARTBEATS: usize = 5;

/// What is known of a connection that is established.
#[derive(Debug, Clone)]
pub(in crate::backend) struct Watching {
    since: Duration,
    /// The guard sends heartbeats while it stands.
    beats: bool,
    /// Time between two knocks in the place of a guard.
    knock_pace: Option<Duration>,
    /// Knocks in the place of a guard.
    knocking: Knocking,
    /// What a check may take, and a heartbeat.
    timeout: Duration,
    check: Check,
    guard: Guard,
    guard_posted: Duration,
    /// When a guard is posted again, after one that could not be and a check that succeeded.
    guard_again: Option<Duration>,
    /// Round trips of the newest heartbeats, oldest first.
    heartbeats: Vec<Duration>,
    /// The newest check failed by a fault of our own side.
    is_excused: bool,
    /// When the newest check began.
    newest_check: Option<Duration>,
    /// When a check may follow a late heartbeat of this guard, after one did.
    late_check_from: Option<Duration>,
    /// Since when an answer is overdue.
    pub(in crate::backend) suspect: Option<Moment>,
    /// When a fresh login was answered last.
    fresh_answer: Option<Duration>,
    /// Why new clients cannot get in although this connection lives.
    pub(in crate::backend) refused: Option<Arc<DbError>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Due(Duration),
    UnderWay { since: Duration },
}

impl Watching {
    /// From now on, with a guard being posted where there is something to guard.
    pub(super) fn new(rhythm: &Rhythm, now: Moment) -> Self {
        // It costs what the heartbeats would, and no more than one a second.
        let knock_pace = rhythm.heartbeat.filter(|_| rhythm.knock_pace.is_some());
        let knock_pace = knock_pace.map(|pace| pace.max(LATE_AFTER));
        Self {
            since: now.mono,
            knock_pace,
            knocking: Knocking::in_place_of_guard(knock_pace, now.mono + LATE_AFTER),
            beats: rhythm.heartbeat.is_some(),
            timeout: rhythm.timeout,
            check: Check::Due(now.mono + rhythm.interval),
            guard: if rhythm.is_guarded {
                Guard::Posting
            } else {
                Guard::Needless
            },
            guard_posted: now.mono,
            guard_again: None,
            heartbeats: Vec::with_capacity(HEARTBEATS),
            is_excused: false,
            newest_check: None,
            late_check_from: None,
            suspect: None,
            fresh_answer: None,
            refused: None,
        }
    }

    /// Follows another rhythm from now on. True when the guard is to be posted
    /// anew, because its heartbeats are other ones.
    pub(super) fn retune(&mut self, before: &Rhythm, rhythm: &Rhythm, now: Moment) -> bool {
        if let Check::Due(due) = &mut self.check {
            let since = due.saturating_sub(before.interval);
            *due = (since + rhythm.interval).max(now.mono);
        }
        if before.heartbeat == rhythm.heartbeat {
            return false;
        }
        let anew = Self::new(rhythm, now);
        self.beats = anew.beats;
        self.knock_pace = anew.knock_pace;
        self.knocking = anew.knocking;
        self.guard = anew.guard;
        self.guard_posted = anew.guard_posted;
        self.guard_again = None;
        self.late_check_from = None;
        self.suspect = None;
        self.heartbeats.clear();
        true
    }

    /// Why there is no guard.
    pub(in crate::backend) fn unguarded(&self) -> Option<&Arc<DbError>> {
        self.guard.missing()
    }

    /// The median round trip of the newest heartbeats; `None` while they are few.
    pub(in crate::backend) fn heartbeats(&self) -> Option<Duration> {
        if self.heartbeats.len() < HEARTBEATS {
            return None;
        }
        let mut sorted = self.heartbeats.clone();
        sorted.sort_unstable();
        sorted.get(HEARTBEATS / 2).copied()
    }

    /// How long the connection has been established.
    pub(super) fn age(&self, now: Moment) -> Duration {
        now.mono.saturating_sub(self.since)
    }

    pub(super) fn is_checking(&self) -> bool {
        matches!(self.check, Check::UnderWay { .. })
    }

    /// When something is due: the next check, one that a late heartbeat still
    /// asks for, the moment at which a check that nobody guards is late, or a
    /// guard; one that is posted again; and a knock in the place of a guard.
    pub(super) fn due(&self) -> Option<Duration> {
        let tardy = matches!(self.guard, Guard::Posting).then(|| self.guard_posted + LATE_AFTER);
        [
            self.due_check(),
            self.knocking.due(),
            tardy,
            self.guard_again,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn due_check(&self) -> Option<Duration> {
        match self.check {
            Check::Due(due) => Some(self.late_check().map_or(due, |late| late.min(due))),
            Check::UnderWay { since } if self.suspect.is_none() && !self.has_heartbeat() => {
                Some(since + LATE_AFTER)
            }
            Check::UnderWay { .. } => None,
        }
    }

    /// When the next check is due, as people should be told.
    pub(super) fn next_check(&self) -> Option<Duration> {
        if self.is_checking() {
            None
        } else {
            self.due_check()
        }
    }

    /// When the newest late heartbeat has a check of its own. One login in
    /// `timeout` is enough, unless the silence lasts: then a fresh answer must
    /// be there before the guard's deadline.
    fn late_check(&self) -> Option<Duration> {
        let suspect = self.suspect.filter(|_| self.has_heartbeat())?;
        let has_been_asked = self.newest_check.is_some_and(|at| at >= suspect.mono);
        let from = self.late_check_from.filter(|_| !has_been_asked)?;
        Some(from.min(suspect.mono + self.timeout / 2).max(suspect.mono))
    }

    pub(super) fn on_due(&mut self, now: Moment) -> Verdict {
        let tardy = self.guard_posted + LATE_AFTER;
        if matches!(self.guard, Guard::Posting) && tardy <= now.mono {
            self.guard = Guard::Tardy(Arc::new(tardy_guard()));
        }
        if self.guard_again.is_some_and(|again| again <= now.mono) {
            return self.post_guard(now);
        }
        if self.due_check().is_none_or(|due| due > now.mono) {
            return if self.knocking.begin_if_due(now.mono) {
                Verdict::Knock
            } else {
                Verdict::Stay
            };
        }
        if self.is_checking() {
            self.suspect = Some(now);
            return Verdict::Stay;
        }
        if self.late_check().is_some_and(|due| due <= now.mono) {
            self.late_check_from = Some(now.mono + self.timeout);
        }
        self.begin_check(now)
    }

    /// A check begins, unless one is under way.
    pub(super) fn begin_check(&mut self, now: Moment) -> Verdict {
        if self.is_checking() {
            return Verdict::Stay;
        }
        self.check = Check::UnderWay { since: now.mono };
        self.newest_check = Some(now.mono);
        Verdict::Check
    }

    pub(super) fn on_beat(&mut self, beat: Beat, now: Moment) -> Verdict {
        match beat {
            Beat::Opened => {
                self.guard = Guard::Stands { answered: None };
                if std::mem::replace(&mut self.knocking, Knocking::never()).is_under_way() {
                    return Verdict::StopKnock;
                }
            }
            Beat::Answered(took) => {
                if self.heartbeats.len() == HEARTBEATS {
                    self.heartbeats.remove(0);
                }
                self.heartbeats.push(took);
                let answered = Some(now.mono);
                self.guard = Guard::Stands { answered };
                self.suspect = None;
            }
            Beat::Late => {
                self.suspect.get_or_insert(now);
                let from = *self.late_check_from.get_or_insert(now.mono);
                if from > now.mono {
                    return Verdict::Stay;
                }
                self.late_check_from = Some(now.mono + self.timeout);
                return self.begin_check(now);
            }
        }
        Verdict::Stay
    }

    /// A knock in the place of a guard ended. Silence is what a late heartbeat is.
    pub(super) fn on_knock_ended(&mut self, was_answered: bool, now: Moment) -> Verdict {
        if !self.knocking.is_under_way() {
            return Verdict::Stay;
        }
        self.knocking.ended(was_answered, true, now.mono);
        // Where logins take longer than a knock, it is asked no more often than
        // about late heartbeats.
        let may_ask = self.late_check_from.is_none_or(|from| from <= now.mono);
        if was_answered || self.suspect.is_some() || !may_ask {
            return Verdict::Stay;
        }
        self.suspect = Some(now);
        self.late_check_from = Some(now.mono + self.timeout);
        self.begin_check(now)
    }

    /// Whether a knock in the place of a guard is under way.
    pub(super) fn is_knocking(&self) -> bool {
        self.knocking.is_under_way()
    }

    pub(super) fn on_guard_ended(&mut self, error: Arc<DbError>, now: Moment) -> Verdict {
        if !matches!(self.guard, Guard::Stands { .. }) {
            // It never stood, so this says nothing about an old connection, but
            // of a shutdown; and if nobody can be reached any more, a check should say so.
            if is_shutting_down(&error) {
                return Verdict::Lost(error);
            }
            let reached = error.kind().was_answered();
            self.guard = Guard::Missing(error);
            return if reached {
                Verdict::Stay
            } else {
                self.begin_check(now)
            };
        }
        // Only the old socket hangs, or our own side was away: both say nothing
        // about the database, and a new guard will tell.
        let proves_nothing = match error.kind() {
            ErrorKind::Timeout { .. } => self.was_answered_since_suspect(),
            kind => matches!(kind, ErrorKind::OwnSide | ErrorKind::Cancelled),
        };
        if proves_nothing {
            self.suspect = None;
            return self.post_guard(now);
        }
        Verdict::Lost(error)
    }

    pub(super) fn on_check_succeeded(&mut self, rhythm: &Rhythm, now: Moment) -> Verdict {
        self.check = Check::Due(now.mono + rhythm.interval);
        self.is_excused = false;
        self.refused = None;
        self.fresh_answer = Some(now.mono);
        if !self.has_heartbeat() {
            self.suspect = None;
        }
        if !matches!(self.guard, Guard::Missing(_)) {
            return Verdict::Stay;
        }
        let again = self.guard_posted + GUARD_AGAIN;
        if again <= now.mono {
            return self.post_guard(now);
        }
        self.guard_again = Some(again);
        Verdict::Stay
    }

    pub(super) fn on_check_failed(
        &mut self,
        error: Arc<DbError>,
        rhythm: &Rhythm,
        now: Moment,
    ) -> Verdict {
        self.check = Check::Due(now.mono + rhythm.interval);
        // A fault of our own side says nothing about the database: it is asked
        // again soon, once.
        if matches!(error.kind(), ErrorKind::OwnSide | ErrorKind::Cancelled) {
            if !std::mem::replace(&mut self.is_excused, true) {
                self.check = Check::Due(now.mono + rhythm.interval.min(LATE_AFTER));
            }
            return Verdict::Stay;
        }
        self.is_excused = false;
        // A server that shuts down lets nobody in and waits for those who are
        // in to leave: whoever only watches must not keep it waiting.
        if is_shutting_down(&error) {
            return Verdict::Lost(error);
        }
        if self.has_proof_of_life(&error, rhythm, now) || self.is_the_guards_to_say(&error) {
            self.refused = Some(error);
            return Verdict::Stay;
        }
        Verdict::Lost(error)
    }

    /// Whether only the guard can tell: a login that took too long proves no
    /// loss while a heartbeat is on its way, since a slow network needs several
    /// round trips for a login and one for a heartbeat. Its own deadline is near.
    fn is_the_guards_to_say(&self, error: &DbError) -> bool {
        matches!(error.kind(), ErrorKind::Timeout { .. }) && self.has_heartbeat()
    }

    /// Whether the old connection lives although a new login failed.
    fn has_proof_of_life(&self, error: &DbError, rhythm: &Rhythm, now: Moment) -> bool {
        let Guard::Stands { answered } = &self.guard else {
            return false;
        };
        if self.suspect.is_some() {
            return false;
        }
        match (rhythm.heartbeat, answered) {
            (Some(heartbeat), Some(answered)) => {
                now.mono.saturating_sub(*answered) <= heartbeat + LATE_AFTER
            }
            (Some(_), None) => false,
            // Without heartbeats an open socket says that the server has not
            // ended it, but nothing about a server that does not answer.
            (None, _) => !matches!(error.kind(), ErrorKind::Timeout { .. }),
        }
    }

    /// Whether a fresh login was answered while the old connection was silent.
    fn was_answered_since_suspect(&self) -> bool {
        match (self.suspect, self.fresh_answer) {
            (Some(suspect), Some(answer)) => answer >= suspect.mono,
            _ => false,
        }
    }

    /// Whether a heartbeat is on its way or due, the very first one included.
    fn has_heartbeat(&self) -> bool {
        self.beats && matches!(self.guard, Guard::Stands { .. })
    }

    fn post_guard(&mut self, now: Moment) -> Verdict {
        self.guard = Guard::Posting;
        self.guard_posted = now.mono;
        self.guard_again = None;
        self.late_check_from = None;
        if !self.knocking.is_under_way() && self.knocking.due().is_none() {
            let first = now.mono + LATE_AFTER;
            self.knocking = Knocking::in_place_of_guard(self.knock_pace, first);
        }
        Verdict::Guard
    }
}
