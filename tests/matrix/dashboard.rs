//! Plays a row before a dashboard on a real terminal, with the truth checker
//! beside it.

use std::{
    cell::Cell,
    thread,
    time::{Duration, Instant},
};

use crate::{
    expected::{Impossible, Promise, Recovery},
    instruments,
    row::{Phase, Row},
    scene::{Bed, Scene},
    screen::{self, Claims},
    seen::Told,
    support::{
        process::wait_until,
        terminal::{Terminal, Viewer},
    },
    truth::{Facts, Truth},
};

/// Longer than anything takes that is going to happen.
const LIMIT: Duration = Duration::from_secs(30);

/// Time until a key is pressed again.
const AGAIN: Duration = Duration::from_millis(500);

/// A dashboard in the middle of its row.
struct Show<'a> {
    row: &'a Row,
    scene: Scene,
    terminal: Terminal,
    viewer: Viewer,
    truth: Truth,
    told: Told,
}

/// Plays the row and gives what was seen.
pub(crate) fn play(
    row: &Row,
    prepare: fn(&Bed) -> Scene,
    strike: fn(&mut Scene),
    mend: Option<fn(&mut Scene)>,
) -> Told {
    let mut scene = prepare(&row.bed);
    let mut truth = Truth::default();
    let began = Instant::now();
    truth.change(|facts| {
        facts.kinds = row.expected.kinds();
        if row.phase == Phase::Connecting {
            struck(facts, row, began, began);
        }
    });
    let terminal = scene.launch(&row.bed).spawn();
    scene.pid = Some(terminal.pid());
    truth.begin(terminal.viewer(), scene.hidden());
    let mut show = Show {
        row,
        scene,
        viewer: terminal.viewer(),
        terminal,
        truth,
        told: Told::default(),
    };
    if row.phase == Phase::Idle {
        show.stand();
        show.strike(strike);
    } else {
        show.told.visible = show.see_cause(began);
    }
    show.go_on(mend);
    let expected = &row.expected;
    let is_missing = show.told.visible.is_none()
        || show.told.back.is_none() && expected.recovery != Recovery::NotSeen;
    show.told.never = is_missing.then(|| show.terminal.screen_text());
    show.truth.end();
    show.told.meanwhile = show.truth.kinds_told();
    show.told.untrue = show.truth.findings();
    show.told.untrue.extend(listed_secret(&show.scene));
    show.told
}

/// What everybody on the machine sees of a process is its command line.
fn listed_secret(scene: &Scene) -> Option<String> {
    let path = format!("/proc/{}/cmdline", scene.pid?);
    let line = std::fs::read(path).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    let hidden = scene.hidden();
    let part = hidden.shown_in(&line)?;
    Some(format!("a secret is in the command line: {part}"))
}

/// What is true from the strike on, which began and was over at these moments.
fn struck(facts: &mut Facts, row: &Row, began: Instant, over: Instant) {
    let expected = &row.expected;
    facts.outage_from = Some(began);
    let limit = |promise: Promise| Some(over + promise.limit(&row.bed));
    match expected.impossible {
        Impossible::Nothing => {}
        Impossible::QuickAnswers(least) => facts.slow = Some((over, least)),
        Impossible::Logins => {
            facts.no_logins = Some(over);
            // Asking by key takes its own time after the strike.
            facts.marked_from = limit(expected.within).map(|at| at + Duration::from_secs(1));
        }
        Impossible::Answers => {
            facts.no_answers = Some(over);
            facts.no_logins = Some(over);
            facts.marked_from = limit(expected.suspect.unwrap_or(expected.within));
            facts.lost_from = limit(expected.within);
            if row.phase == Phase::Connecting {
                facts.marked_from = Some(began);
                facts.lost_from = Some(began);
            }
        }
    }
}

impl Show<'_> {
    /// Waits for a screen and gives the moment at which it came.
    fn wait(&self, wished: impl Fn(&Claims) -> bool) -> Option<Instant> {
        let seen = self
            .viewer
            .wait_until(LIMIT, |screen| wished(&screen::read(&screen.contents())));
        seen.is_ok().then(Instant::now)
    }

    /// Waits until all is well and the sentinel has answered.
    fn stand(&self) {
        let stands = self.wait(|claims| claims.is_well() && !claims.answers.is_empty());
        assert!(
            stands.is_some(),
            "it never stood:\n{}",
            self.terminal.screen_text()
        );
        // A server process that still sends an answer when it is ended cannot
        // say why. A project has no sentinel.
        let Some(cluster) = &self.scene.cluster else {
            return;
        };
        let sql = "select wait_event from pg_stat_activity \
                   where application_name = 'dbvitals-sentinel'";
        let idle = wait_until(LIMIT, || cluster.sql(sql) == "ClientRead");
        assert!(idle, "the sentinel is not idle: {}", cluster.sql(sql));
    }

    /// Puts the cause in and waits until it is told.
    fn strike(&mut self, strike: fn(&mut Scene)) {
        let expected = &self.row.expected;
        let began = Instant::now();
        self.truth.change(|facts| facts.outage_from = Some(began));
        if let Some(key) = expected.asks {
            strike(&mut self.scene);
            self.truth
                .change(|facts| struck(facts, self.row, began, Instant::now()));
            let asked = Instant::now();
            self.terminal.send(key);
            self.told.visible = self.see_cause(asked);
            return;
        }
        let mut scene = std::mem::take(&mut self.scene);
        let (row, truth) = (self.row, &self.truth);
        let (scene, suspect, visible, words) = thread::scope(|scope| {
            let striking = scope.spawn(move || {
                strike(&mut scene);
                truth.change(|facts| struck(facts, row, began, Instant::now()));
                scene
            });
            let suspect = row.expected.suspect.and_then(|_| {
                let at = watch_for(&self.viewer, LIMIT, |claims| {
                    claims.head.contains("suspect")
                });
                at.map(|(at, _)| at - began)
            });
            let cause = cause(&self.viewer, row);
            let scene = striking.join().expect("the strike succeeds");
            let visible = cause.as_ref().map(|(at, _)| *at - began);
            (scene, suspect, visible, cause.map(|(_, claims)| claims))
        });
        self.scene = scene;
        self.told.suspect = suspect;
        self.told.visible = visible;
        self.note(words);
    }

    /// Waits until the cause is told; gives the time since that moment.
    fn see_cause(&mut self, since: Instant) -> Option<Duration> {
        let (at, claims) = cause(&self.viewer, self.row)?;
        self.note(Some(claims));
        Some(at - since)
    }

    fn note(&mut self, claims: Option<Claims>) {
        let claims = claims.unwrap_or_else(|| screen::read(&self.terminal.screen_text()));
        let mark = self.row.expected.mark;
        self.told.mark = mark.filter(|mark| claims.says(mark)).map(str::to_owned);
        self.told.words = claims.failure;
    }

    /// Everything after the cause was told.
    fn go_on(&mut self, mend: Option<fn(&mut Scene)>) {
        let expected = &self.row.expected;
        let fails = expected.told.is_some();
        let heals_alone = fails && expected.check.is_none();
        if !heals_alone {
            let told_at = Instant::now();
            self.told.said = instruments::run(&self.scene, &self.row.bed);
            if fails {
                // The first failure was no try where it struck a connection that stood.
                let again = self.wait(|claims| claims.failed_tries >= 2);
                self.told.retried = Some(again.is_some());
                self.told.again = again.map(|again| again - told_at);
            }
        }
        if let Some(mend) = mend {
            self.mend(mend);
        }
        if heals_alone {
            self.told.retried = Some(self.told.back.is_some());
            self.told.said = instruments::run(&self.scene, &self.row.bed);
        }
    }

    /// Takes the cause away and waits until all is well.
    fn mend(&mut self, mend: fn(&mut Scene)) {
        self.truth.change(|facts| {
            *facts = Facts {
                kinds: std::mem::take(&mut facts.kinds),
                outage_from: facts.outage_from,
                ..Facts::default()
            };
        });
        if let Recovery::ByKey(key) = self.row.expected.recovery {
            mend(&mut self.scene);
            self.told.back = self.press_until_well(key);
            return;
        }
        let mut scene = std::mem::take(&mut self.scene);
        let (scene, mended, back) = thread::scope(|scope| {
            let mending = scope.spawn(move || {
                mend(&mut scene);
                (scene, Instant::now())
            });
            let back = self.wait(Claims::is_well);
            let (scene, mended) = mending.join().expect("the cause can be taken away");
            (scene, mended, back)
        });
        self.scene = scene;
        self.told.back = back.map(|back| back.saturating_duration_since(mended));
    }
}

impl Show<'_> {
    /// Presses the key until all is well; gives the time since it was pressed
    /// first. A try or check that began before the cause was gone leaves
    /// nothing to be asked for, so the key is pressed again. What the first check
    /// of a busy machine could not tell in its time is asked for by another.
    fn press_until_well(&mut self, key: &str) -> Option<Duration> {
        let asked = Instant::now();
        while asked.elapsed() < LIMIT {
            let state = screen::read(&self.terminal.screen_text()).state;
            // While it stands, `r` would part from it and connect anew.
            let stands = state == "connected";
            self.terminal
                .send(if key == "r" && stands { "c" } else { key });
            if let Some((at, _)) = watch_for(&self.viewer, AGAIN, Claims::is_well) {
                return Some(at - asked);
            }
        }
        None
    }
}

/// Waits until the screen tells what the row expects, or some failure.
fn cause(viewer: &Viewer, row: &Row) -> Option<(Instant, Claims)> {
    let expected = &row.expected;
    let limit = LIMIT + expected.within.time(&row.bed);
    watch_for(viewer, limit, |claims| {
        match (&expected.told, expected.mark) {
            (Some(_), _) => claims.failure.is_some(),
            (None, Some(mark)) => claims.says(mark),
            (None, None) => claims.is_well(),
        }
    })
}

/// Waits for a screen; gives its claims and the moment at which it came.
fn watch_for(
    viewer: &Viewer,
    limit: Duration,
    wished: impl Fn(&Claims) -> bool,
) -> Option<(Instant, Claims)> {
    let found = Cell::new(None);
    let seen = viewer.wait_until(limit, |screen| {
        let claims = screen::read(&screen.contents());
        let is_it = wished(&claims);
        if is_it {
            found.set(Some((Instant::now(), claims)));
        }
        is_it
    });
    seen.ok().and_then(|_| found.into_inner())
}
