//! Our own side: a wall clock that jumps, and a program that was stopped.
//! Nothing of it may be laid at the database's door.

use std::{thread, time::Duration};

use crate::{
    expected::{Expected, Promise, Recovery},
    row::Row,
    scene::{Bed, Scene},
    support::{clock::ShiftedClock, process::Signal},
};

const HOUR: i64 = 3_600;

pub(crate) fn rows() -> Vec<Row> {
    vec![
        Row::idle(
            "clock set forward by an hour",
            with_clock,
            |scene| scene.shift_clock(HOUR),
            Expected::marked("this machine slept")
                .within(Promise::Seconds(2))
                .recovery(Recovery::ByItself(Promise::Seconds(1))),
        )
        .mend(|_| {})
        .preload(),
        Row::idle(
            "clock set back by an hour",
            with_clock,
            |scene| scene.shift_clock(-HOUR),
            Expected::marked("clock was set back")
                .within(Promise::Seconds(2))
                .recovery(Recovery::ByItself(Promise::Seconds(1))),
        )
        .mend(|_| {})
        .preload(),
        Row::idle(
            "program stopped for 4 s",
            one,
            |scene| stop(scene, 4),
            stopped(),
        )
        .mend(|_| {}),
        Row::idle(
            "program stopped for a minute",
            one,
            |scene| stop(scene, 60),
            stopped(),
        )
        .mend(|_| {})
        .long(),
    ]
}

fn stopped() -> Expected {
    // The log breaks its line after these words.
    Expected::marked("own side: this program was")
        .within(Promise::Seconds(62))
        .recovery(Recovery::ByItself(Promise::Seconds(1)))
}

fn one(bed: &Bed) -> Scene {
    Scene::of(bed.cluster())
}

fn with_clock(bed: &Bed) -> Scene {
    let clock = ShiftedClock::make();
    let mut scene = one(bed);
    for (name, value) in clock.variables() {
        scene = scene.variable(name, &value);
    }
    scene.clock = Some(clock);
    scene
}

/// The time in which it is stopped is the cause itself.
fn stop(scene: &mut Scene, seconds: u64) {
    scene.signal(Signal::STOP);
    thread::sleep(Duration::from_secs(seconds));
    scene.signal(Signal::CONT);
}

impl Scene {
    fn shift_clock(&self, seconds: i64) {
        let clock = self.clock.as_ref().expect("the row has a clock");
        clock.shift(seconds);
    }
}
