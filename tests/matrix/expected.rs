//! What a row must show, cell by cell, and the times that are promised. It
//! must not know how anything is observed.
//!
//! Promised times are those of a release build on an idle machine. To each
//! [`SLACK`] is added here: a debug build needs up to 0.1 s for a frame of
//! 120 by 40 and as much for a login, four rows run at once on two cores, and
//! a cause is put in by programs (`psql`, `ip`) that take some 50 ms to start
//! and are counted in. The exact times are measured by `benches/budgets`.

use std::time::Duration;

use crate::{diagnosed::Diagnosed, scene::Bed, seen::Words};

/// What a debug build on a loaded machine may add to a promised time.
pub(crate) const SLACK: Duration = Duration::from_millis(750);

/// A failure as it must be told, on the screen and by `check`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub(crate) kind: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) layer: &'static str,
    /// Words that the details or the message must hold, in any language.
    pub(crate) says: &'static str,
    /// The next step, where it is not the kind's own.
    pub(crate) hint: Option<&'static str>,
}

/// A promised time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// 250 ms: what is closed, refused or answered.
    AtOnce,
    /// `health_check_timeout`: an attempt that nobody answers.
    Timeout,
    /// Heartbeat (without heartbeats, the interval of checks) and timeout: a
    /// connection that falls silent.
    Silence,
    /// Heartbeat or interval, and one second: it is suspect.
    Suspicion,
    /// The interval of checks: a failure that only the next one can tell.
    Interval,
    /// This many seconds: what the outside decides, such as a resolver.
    Seconds(u64),
}

/// How the connection comes back when the cause is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// By itself, within this time.
    ByItself(Promise),
    /// By itself with the next try or check, which this key brings about at once.
    ByKey(&'static str),
    /// The row does not look.
    NotSeen,
}

/// What is impossible while the cause is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Impossible {
    /// Every answer of the database.
    Answers,
    /// New logins; the old connection answers.
    Logins,
    /// Answers that take less than this time.
    QuickAnswers(Duration),
    /// Nothing: it heals by itself, or is only a mark.
    Nothing,
}

/// All cells of a row.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// What a fresh `check` says; nothing when it succeeds.
    pub(crate) check: Option<Failure>,
    /// What the screen or the caller is told; nothing when all is well.
    pub(crate) told: Option<Failure>,
    /// Failures that may be told in the place of the two above: what is met
    /// depends on who else asks at that moment.
    pub(crate) or: Vec<Failure>,
    /// Words that the screen shows while it stays connected.
    pub(crate) mark: Option<&'static str>,
    /// How soon it is told.
    pub(crate) within: Promise,
    /// How soon the connection is suspect, where it must be.
    pub(crate) suspect: Option<Promise>,
    /// Kinds that may be told until it is back, beside the two above.
    pub(crate) meanwhile: Vec<&'static str>,
    pub(crate) impossible: Impossible,
    pub(crate) recovery: Recovery,
    /// The key that makes a degraded connection look at once.
    pub(crate) asks: Option<&'static str>,
    /// No try may follow for so long after it was told.
    pub(crate) rests: Option<Duration>,
    /// What a fresh diagnosis says beside what the check says.
    pub(crate) diagnosed: Diagnosed,
}

/// A failure without a code.
pub(crate) const fn failure(kind: &'static str, layer: &'static str) -> Failure {
    Failure {
        kind,
        code: None,
        layer,
        says: "",
        hint: None,
    }
}

impl Failure {
    /// With the server's own code.
    pub(crate) const fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// With a next step of its own.
    pub(crate) const fn hint(mut self, words: &'static str) -> Self {
        self.hint = Some(words);
        self
    }

    /// With words that must be told.
    pub(crate) const fn says(mut self, words: &'static str) -> Self {
        self.says = words;
        self
    }
}

impl Expected {
    /// The connection fails, and a fresh check fails in the same way.
    pub(crate) fn fails(failure: Failure) -> Self {
        Self {
            check: Some(failure),
            told: Some(failure),
            or: Vec::new(),
            mark: None,
            within: Promise::AtOnce,
            suspect: None,
            meanwhile: Vec::new(),
            impossible: Impossible::Answers,
            recovery: Recovery::NotSeen,
            asks: None,
            rests: None,
            diagnosed: Diagnosed::default(),
        }
    }

    /// It stays connected with these words, and a fresh check succeeds.
    pub(crate) fn marked(words: &'static str) -> Self {
        Self {
            check: None,
            told: None,
            mark: Some(words),
            impossible: Impossible::Nothing,
            ..Self::fails(failure("", ""))
        }
    }

    /// It stays connected, and nothing is wrong.
    pub(crate) fn well() -> Self {
        Self {
            mark: None,
            ..Self::marked("")
        }
    }

    /// The old connection lives, and new ones fail in this way.
    pub(crate) fn refused(failure: Failure) -> Self {
        Self {
            check: Some(failure),
            told: None,
            mark: Some("new connections refused"),
            impossible: Impossible::Logins,
            asks: Some("c"),
            recovery: Recovery::ByKey("c"),
            ..Self::fails(failure)
        }
    }

    /// It is told at the next check only, which this key brings about; until
    /// then the old connection answers.
    pub(crate) fn asked_by(mut self, key: &'static str) -> Self {
        self.asks = Some(key);
        self.impossible = Impossible::Logins;
        self
    }

    /// This key brings about the check that tells it; nothing is answered.
    pub(crate) fn seen_by(mut self, key: &'static str) -> Self {
        self.asks = Some(key);
        self
    }

    /// The server asks to be left alone for so long, and is.
    pub(crate) fn rests(mut self, time: Duration) -> Self {
        self.rests = Some(time);
        self
    }

    /// A fresh check fails in another way than the old connection did.
    pub(crate) fn then(mut self, failure: Failure) -> Self {
        self.check = Some(failure);
        self
    }

    /// A fresh check succeeds: the cause struck the old connection alone.
    pub(crate) fn then_well(mut self) -> Self {
        self.check = None;
        self.impossible = Impossible::Nothing;
        self
    }

    /// Another failure may be told in the place of the expected one.
    pub(crate) fn or(mut self, failures: &[Failure]) -> Self {
        self.or = failures.to_vec();
        self
    }

    /// What is expected in the place of this failure, now that one was seen.
    pub(crate) fn instead(&self, of: Failure, seen: &Words) -> Failure {
        let is_seen = |it: &Failure| it.kind == seen.kind && it.layer == seen.layer;
        let mut or = self.or.iter().copied();
        or.find(is_seen).filter(|_| !is_seen(&of)).unwrap_or(of)
    }

    pub(crate) fn within(mut self, promise: Promise) -> Self {
        self.within = promise;
        self
    }

    pub(crate) fn suspect(mut self) -> Self {
        self.suspect = Some(Promise::Suspicion);
        self
    }

    /// Other kinds may be told on the way.
    pub(crate) fn meanwhile(mut self, kinds: &[&'static str]) -> Self {
        self.meanwhile = kinds.to_vec();
        self
    }

    pub(crate) fn recovery(mut self, recovery: Recovery) -> Self {
        self.recovery = recovery;
        self
    }

    /// Answers take at least so long.
    pub(crate) fn slow(mut self, least: Duration) -> Self {
        self.impossible = Impossible::QuickAnswers(least);
        self
    }

    /// A diagnosis says more than follows from the check.
    pub(crate) fn diagnosed(mut self, how: impl FnOnce(Diagnosed) -> Diagnosed) -> Self {
        self.diagnosed = how(self.diagnosed);
        self
    }

    /// It is back within a second of the cause being gone.
    pub(crate) fn heals(self) -> Self {
        self.recovery(Recovery::ByItself(Promise::Seconds(1)))
    }

    /// It is back with the next try.
    pub(crate) fn heals_on_try(self) -> Self {
        self.recovery(Recovery::ByKey("r"))
    }

    /// The kinds that may stand on the screen while the cause is there.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let named = self.told.iter().chain(&self.check);
        named
            .chain(&self.or)
            .map(|failure| failure.kind)
            .chain(self.meanwhile.iter().copied())
            .collect()
    }
}

impl Promise {
    /// The promised time itself, without slack.
    pub(crate) fn time(self, bed: &Bed) -> Duration {
        let heartbeat = bed.rhythm.heartbeat();
        let timeout = bed.rhythm.timeout();
        match self {
            Self::AtOnce => Duration::from_millis(250),
            Self::Timeout => timeout,
            Self::Silence => heartbeat + timeout,
            Self::Suspicion => heartbeat + Duration::from_secs(1),
            Self::Interval => heartbeat,
            Self::Seconds(count) => Duration::from_secs(count),
        }
    }

    /// The time after which the cell fails.
    pub(crate) fn limit(self, bed: &Bed) -> Duration {
        self.time(bed) + SLACK
    }
}
