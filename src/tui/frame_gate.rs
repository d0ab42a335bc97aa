//! When a frame may and must be drawn: only after a change, and never sooner
//! than a fixed time after the frame before. Pure: the caller passes the time.

use std::time::{Duration, Instant};

/// The shortest time between two frames: at most 30 of them begin in a second.
const INTERVAL: Duration = Duration::from_millis(34);

/// Remembers whether something changed and when the last frame was drawn.
#[derive(Debug, Default)]
pub(super) struct FrameGate {
    is_dirty: bool,
    /// When a change that can wait has waited long enough.
    ripe: Option<Instant>,
    last: Option<Instant>,
}

impl FrameGate {
    /// Something that is shown has changed.
    pub(super) fn mark(&mut self) {
        self.is_dirty = true;
    }

    /// Something that is shown has changed, and need not be seen before `at`:
    /// what follows till then is drawn together with it.
    pub(super) fn mark_by(&mut self, at: Instant) {
        self.ripe = Some(self.ripe.map_or(at, |ripe| ripe.min(at)));
    }

    /// When the next frame is due; `None` while nothing has changed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let wished = if self.is_dirty { now } else { self.ripe? };
        let allowed = self.last.map_or(now, |last| last + INTERVAL);
        Some(wished.max(allowed).max(now))
    }

    /// A frame was drawn that shows all changes so far.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.is_dirty = false;
        self.ripe = None;
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_gate_asks_for_nothing() {
        let now = Instant::now();
        let mut gate = FrameGate::default();
        assert_eq!(gate.due(now), None);
        gate.mark();
        assert_eq!(gate.due(now), Some(now));
        gate.drawn(now);
        assert_eq!(gate.due(now + INTERVAL), None);
    }

    #[test]
    fn a_change_right_after_a_frame_waits_and_is_not_forgotten() {
        let start = Instant::now();
        let mut gate = FrameGate::default();
        gate.mark();
        gate.drawn(start);
        gate.mark();
        let soon = start + Duration::from_millis(1);
        assert_eq!(gate.due(soon), Some(start + INTERVAL));
        let late = start + INTERVAL * 9;
        assert_eq!(gate.due(late), Some(late));
    }

    #[test]
    fn a_change_that_can_wait_is_drawn_when_it_is_ripe_or_with_the_next_frame() {
        let start = Instant::now();
        let ripe = start + INTERVAL * 3;
        let mut gate = FrameGate::default();
        gate.mark_by(ripe);
        gate.mark_by(ripe + INTERVAL);
        assert_eq!(gate.due(start), Some(ripe));
        gate.mark();
        assert_eq!(gate.due(start), Some(start));
        gate.drawn(start);
        assert_eq!(gate.due(start), None);
        gate.mark_by(start);
        assert_eq!(gate.due(start), Some(start + INTERVAL));
    }

    #[test]
    fn a_second_of_changes_gives_at_most_30_frames() {
        let start = Instant::now();
        let mut gate = FrameGate::default();
        let mut frames = 0;
        for step in 0..10_000 {
            let now = start + Duration::from_micros(step * 100);
            gate.mark();
            if gate.due(now).is_some_and(|due| due <= now) {
                gate.drawn(now);
                frames += 1;
            }
        }
        assert_eq!(frames, 30);
    }
}
