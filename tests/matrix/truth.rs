//! The truth checker: reads the screen several times a second and compares
//! what it claims with what the row knows to be true.
//!
//! What must hold of each screen, all ages in whole seconds rounded down and
//! redrawn once a second, so that a claim may lag by [`GRANULARITY`], and by
//! [`SLACK`] on a loaded machine:
//!
//! - once no answer is possible, no age of an answer or check is younger than that;
//! - once no login is possible, no age of a check is younger than that;
//! - `connected` without a mark does not outlast the time in which the cause
//!   must be visible, and `connected` at all not the time in which it is lost;
//! - the cause is one that the row allows;
//! - `since` lies between the cause and this moment, and the length of the
//!   outage is the time since then;
//! - an answer that came over a slow network was not quick;
//! - nothing secret is on it.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use chrono::{Timelike, Utc};

use crate::{
    expected::SLACK,
    hidden::Hidden,
    screen::{self, Claims},
    support::terminal::Viewer,
};

/// How much younger than true an age may look: one second by rounding down,
/// one by the pace at which ages are redrawn.
const GRANULARITY: Duration = Duration::from_secs(2);

/// Time between two looks at the screen.
const PACE: Duration = Duration::from_millis(100);

const DAY: i64 = 86_400;

/// What is true now. A row changes it at each of its turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// No answer has been possible since then.
    pub(crate) no_answers: Option<Instant>,
    /// No login has been possible since then.
    pub(crate) no_logins: Option<Instant>,
    /// From then on `connected` needs a mark.
    pub(crate) marked_from: Option<Instant>,
    /// From then on it is not connected.
    pub(crate) lost_from: Option<Instant>,
    /// The earliest moment at which the outage can have begun.
    pub(crate) outage_from: Option<Instant>,
    /// Kinds that may be told.
    pub(crate) kinds: Vec<&'static str>,
    /// Answers of the last seconds took at least so long.
    pub(crate) slow: Option<(Instant, Duration)>,
}

/// Facts that the row changes and the checker reads.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    shared: Arc<Shared>,
    watcher: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    facts: Mutex<Facts>,
    hidden: Mutex<Hidden>,
    found: Mutex<Vec<String>>,
    kinds_told: Mutex<Vec<String>>,
    screens: Mutex<usize>,
    ends: AtomicBool,
}

impl Truth {
    /// Changes what is true.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Facts)) {
        change(&mut lock(&self.shared.facts));
    }

    /// Looks at this screen from now on, until [`Truth::end`]; these texts must
    /// never stand on it.
    pub(crate) fn begin(&mut self, viewer: Viewer, hidden: Hidden) {
        *lock(&self.shared.hidden) = hidden;
        let shared = Arc::clone(&self.shared);
        self.watcher = Some(thread::spawn(move || shared.watch(&viewer)));
    }

    /// Looks no more.
    pub(crate) fn end(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        if let Some(watcher) = self.watcher.take() {
            // Its panic is noted by the runner.
            drop(watcher.join());
        }
    }

    /// What was found untrue; a checker that saw nothing proves nothing.
    pub(crate) fn findings(&self) -> Vec<String> {
        let mut found = lock(&self.shared.found).clone();
        if *lock(&self.shared.screens) == 0 {
            found.push("truth: no screen was seen".to_owned());
        }
        found
    }

    /// The kinds that the screen told, in order.
    pub(crate) fn kinds_told(&self) -> Vec<String> {
        lock(&self.shared.kinds_told).clone()
    }
}

impl Drop for Truth {
    fn drop(&mut self) {
        self.end();
    }
}

// === impl Shared ===

impl Shared {
    fn watch(&self, viewer: &Viewer) {
        // Looks once more when it is told to end.
        let mut is_last = false;
        while !is_last {
            is_last = self.ends.load(Ordering::SeqCst);
            let begun = Instant::now();
            // Screen and facts are taken together: facts that change between
            // both would prove nothing.
            let facts = lock(&self.facts);
            let text = viewer.whole_screen();
            let (judged, now) = (facts.clone(), Instant::now());
            drop(facts);
            if let Some(text) = text {
                self.judge(&judged, &text, now);
            }
            thread::sleep(PACE.saturating_sub(begun.elapsed()));
        }
    }

    fn judge(&self, facts: &Facts, text: &str, now: Instant) {
        let claims = screen::read(text);
        if claims.state.is_empty() {
            return; // Nothing is drawn yet.
        }
        *lock(&self.screens) += 1;
        if let Some(failure) = &claims.failure {
            let mut told = lock(&self.kinds_told);
            if told.last() != Some(&failure.kind) {
                told.push(failure.kind.clone());
            }
        }
        let mut wrong = judge(facts, &claims, now);
        if let Some(part) = lock(&self.hidden).shown_in(text) {
            wrong.push(format!("a secret is shown: {part}"));
        }
        let mut found = lock(&self.found);
        // One screen says enough.
        if let Some(first) = wrong.first()
            && found.is_empty()
        {
            found.push(format!("truth: {first}; the screen:\n{text}"));
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows the checker screens that lie, and one that does not.
pub(crate) fn prove() {
    let now = Instant::now();
    let ago = |seconds| now.checked_sub(Duration::from_secs(seconds));
    let silent = Facts {
        no_answers: ago(60),
        no_logins: ago(60),
        marked_from: ago(30),
        lost_from: ago(20),
        outage_from: ago(60),
        kinds: vec!["Timeout"],
        slow: Some((now, Duration::from_secs(2))),
    };
    let clock = |seconds: i64| {
        let of_day = i64::from(Utc::now().num_seconds_from_midnight()) - seconds;
        let of_day = of_day.rem_euclid(DAY);
        let (hours, rest) = (of_day / 3_600, of_day % 3_600);
        format!("{hours:02}:{:02}:{:02}", rest / 60, rest % 60)
    };
    let screen = |kind: &str, since: i64, down: i64, answer: i64| {
        let since = clock(since);
        format!(
            "✖ error {kind} at login · since {since} · try 1 of 3 · next in 3 s\nmessage\n\
             at login · words\n→ next step\n\
             down since {since} ({since} UTC) · {down} s · 2 tries failed\n\
             ┏ 1 Connection ━ as of 62 s ago ┓┌ 2 Latency ─ last good answer {answer} s ago ┐"
        )
    };
    let connected = |words: &str| format!("● connected  {words}since 00:00:00\n┏");
    let lies = |text: &str| judge(&silent, &screen::read(text), now);
    let check = |text: &str, lie: &str| {
        let found = lies(text);
        assert!(
            found.iter().any(|found| found.contains(lie)),
            "the checker does not find '{lie}' ({found:?}) in:\n{text}"
        );
    };
    let honest = screen("Timeout", 40, 40, 61);
    assert_eq!(lies(&honest), Vec::<String>::new(), "it is true:\n{honest}");
    check(&screen("Timeout", 40, 40, 12), "the newest answer is said");
    check(&screen("AuthFailed", 40, 40, 61), "the cause AuthFailed");
    check(&screen("Timeout", 900, 900, 61), "down since");
    check(&screen("Timeout", 40, 10, 61), "down for");
    check(&connected(""), "connected without a mark");
    check(&connected("suspect "), "connected, and it is not");
    let young = honest.replace("as of 62 s", "as of 3 s");
    check(&young, "the newest good check is said");
    let quick = "● connected  degraded  since 00:00:00\nlast good answer 0 s ago in 0.40 ms\n┏";
    let later = now + Duration::from_secs(10);
    let found = judge(&silent, &screen::read(quick), later);
    assert!(
        found.iter().any(|found| found.contains("over a way of")),
        "the checker believes an answer that was too quick: {found:?}"
    );
}

/// All that is untrue on one screen.
fn judge(facts: &Facts, claims: &Claims, now: Instant) -> Vec<String> {
    let mut wrong = Vec::new();
    ages(facts, claims, now, &mut wrong);
    let is_connected = claims.state == "connected";
    let is_late = |from: Option<Instant>| from.is_some_and(|from| now > from);
    if is_connected && !claims.is_marked() && is_late(facts.marked_from) {
        wrong.push("connected without a mark".to_owned());
    }
    if is_connected && is_late(facts.lost_from) {
        wrong.push("connected, and it is not".to_owned());
    }
    if let Some(failure) = &claims.failure
        && !facts.kinds.contains(&failure.kind.as_str())
    {
        let kind = &failure.kind;
        wrong.push(format!("the cause {kind} is none of {:?}", facts.kinds));
    }
    outage(facts, claims, now, &mut wrong);
    wrong
}

fn ages(facts: &Facts, claims: &Claims, now: Instant, wrong: &mut Vec<String>) {
    let mut check = |what: &str, age: Duration, since: Option<Instant>| {
        let Some(since) = since else { return };
        let least = now.saturating_duration_since(since);
        if age + GRANULARITY + SLACK < least {
            wrong.push(format!(
                "the newest {what} is said to be {age:?} old, and is {least:?} old at least"
            ));
        }
    };
    for (age, _) in &claims.answers {
        check("answer", *age, facts.no_answers);
    }
    for age in &claims.checks {
        check("good check", *age, facts.no_answers);
        check("good check", *age, facts.no_logins);
    }
    for (age, took) in &claims.answers {
        let (Some((since, least)), Some(took)) = (facts.slow, took) else {
            continue;
        };
        // An answer that was asked for after the network became slow.
        let asked_later = now.saturating_duration_since(since) > *age + *took + GRANULARITY + SLACK;
        if asked_later && *took < least {
            wrong.push(format!("an answer in {took:?} over a way of {least:?}"));
        }
    }
}

/// Since when, and for how long: only while it is not connected.
fn outage(facts: &Facts, claims: &Claims, now: Instant, wrong: &mut Vec<String>) {
    let (Some(from), Some(since)) = (facts.outage_from, claims.since) else {
        return;
    };
    if claims.failure.is_none() {
        return;
    }
    let clock = i64::from(Utc::now().num_seconds_from_midnight());
    let shown = Duration::from_secs((clock - since).rem_euclid(DAY).unsigned_abs());
    let longest = now.saturating_duration_since(from) + GRANULARITY;
    if shown > longest {
        wrong.push(format!(
            "down since {shown:?} ago, and the cause is {longest:?} old at most"
        ));
    }
    if let Some(down_for) = claims.down_for {
        let difference = down_for.abs_diff(shown);
        if difference > GRANULARITY + SLACK {
            wrong.push(format!("down for {down_for:?}, since {shown:?} ago"));
        }
    }
}
