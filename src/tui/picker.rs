//! Where a reader is in a list that grows at one end and is bounded at the
//! other. Knows counts only, not what the rows are.

use crate::tui::action::Motion;

/// Rows of a list: how many there are, and how many were dropped before them.
/// Together they name each row by a number that never changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) len: usize,
    pub(super) dropped: u64,
}

/// A selection in a list that is shown newest first. It stays on its row when
/// rows are added, or with the newest row when that was selected.
#[derive(Debug, Default)]
pub(super) struct Picker {
    /// The selected row's unchanging number; `None` follows the newest.
    anchor: Option<u64>,
    /// Rows above the first one shown.
    top: usize,
    /// Rows that fit, as last drawn.
    page: usize,
}

/// How far free text is scrolled.
#[derive(Debug, Default)]
pub(super) struct Scroll {
    top: usize,
    lines: usize,
    page: usize,
}

// === impl Picker ===

impl Picker {
    /// The selected row, counted from the newest.
    pub(super) fn selected(&self, extent: Extent) -> usize {
        let last = extent.len.saturating_sub(1);
        let Some(anchor) = self.anchor else { return 0 };
        let newest = extent.dropped + last as u64;
        usize::try_from(newest.saturating_sub(anchor)).map_or(last, |back| back.min(last))
    }

    /// Moves the selection.
    pub(super) fn step(&mut self, motion: Motion, extent: Extent) {
        let last = extent.len.saturating_sub(1);
        let page = self.page.max(1);
        let now = self.selected(extent);
        let next = match motion {
            Motion::Up => now.saturating_sub(1),
            Motion::Down => now + 1,
            Motion::PageUp => now.saturating_sub(page),
            Motion::PageDown => now + page,
            Motion::First => 0,
            Motion::Last => last,
        }
        .min(last);
        let newest = extent.dropped + last as u64;
        self.anchor = (next > 0).then(|| newest - next as u64);
    }

    /// Selects a row, counted from the newest.
    pub(super) fn select(&mut self, row: usize, extent: Extent) {
        let last = extent.len.saturating_sub(1);
        let newest = extent.dropped + last as u64;
        self.anchor = (row > 0).then(|| newest.saturating_sub(row.min(last) as u64));
    }

    /// Back to following the newest row. True when it did not before.
    pub(super) fn follow(&mut self) -> bool {
        self.anchor.take().is_some()
    }

    /// The rows to draw, counted from the newest, where `page` rows fit.
    pub(super) fn window(&mut self, extent: Extent, page: usize) -> std::ops::Range<usize> {
        self.page = page;
        let selected = self.selected(extent);
        let lowest = (selected + 1).saturating_sub(page);
        self.top = self
            .top
            .clamp(lowest, selected)
            .min(extent.len.saturating_sub(page));
        self.top..(self.top + page).min(extent.len)
    }
}

// === impl Scroll ===

impl Scroll {
    /// Moves the text.
    pub(super) fn step(&mut self, motion: Motion) {
        let page = self.page.max(1);
        self.top = match motion {
            Motion::Up => self.top.saturating_sub(1),
            Motion::Down => self.top + 1,
            Motion::PageUp => self.top.saturating_sub(page),
            Motion::PageDown => self.top + page,
            Motion::First => 0,
            Motion::Last => usize::MAX,
        }
        .min(self.lines.saturating_sub(page));
    }

    /// Back to the first line. True when it was not there.
    pub(super) fn rewind(&mut self) -> bool {
        std::mem::take(&mut self.top) > 0
    }

    /// The lines to draw of `lines`, where `page` of them fit.
    pub(super) fn window(&mut self, lines: usize, page: usize) -> std::ops::Range<usize> {
        (self.lines, self.page) = (lines, page);
        self.top = self.top.min(lines.saturating_sub(page));
        self.top..(self.top + page).min(lines)
    }

    /// Lines below the ones drawn last.
    pub(super) fn below(&self) -> usize {
        self.lines.saturating_sub(self.top + self.page)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn extent(len: usize, dropped: u64) -> Extent {
        Extent { len, dropped }
    }

    #[test]
    fn a_selection_stays_on_its_row_while_rows_come_and_go() {
        let mut picker = Picker::default();
        picker.window(extent(5, 0), 3);
        picker.step(Motion::Down, extent(5, 0));
        assert_eq!(picker.selected(extent(5, 0)), 1);
        assert_eq!(picker.selected(extent(7, 0)), 3, "two rows were added");
        assert_eq!(picker.selected(extent(5, 2)), 3, "and two dropped");
        assert_eq!(picker.selected(extent(5, 90)), 4, "dropped itself");
        assert_eq!(picker.selected(extent(0, 95)), 0);
    }

    #[test]
    fn a_row_that_is_selected_is_selected() {
        let mut picker = Picker::default();
        for row in [3, 0, 8, 1] {
            picker.select(row, extent(9, 4));
            assert_eq!(picker.selected(extent(9, 4)), row);
        }
        picker.select(20, extent(9, 4));
        assert_eq!(picker.selected(extent(9, 4)), 8);
    }

    #[test]
    fn the_newest_row_is_followed() {
        let mut picker = Picker::default();
        assert_eq!(picker.selected(extent(9, 4)), 0);
        picker.step(Motion::Last, extent(9, 4));
        assert_eq!(picker.selected(extent(9, 4)), 8);
        assert!(picker.follow() && !picker.follow());
    }

    proptest! {
        #[test]
        fn the_selected_row_is_always_drawn(
            steps in prop::collection::vec((0usize..6, 0usize..40, 0u64..9, 1usize..12), 1..60)
        ) {
            use Motion::{Down, First, Last, PageDown, PageUp, Up};
            let mut picker = Picker::default();
            let mut dropped = 0;
            for (motion, len, more, page) in steps {
                dropped += more;
                let extent = extent(len, dropped);
                picker.step([Up, Down, PageUp, PageDown, First, Last][motion], extent);
                let window = picker.window(extent, page);
                prop_assert!(window.end <= len && window.len() <= page);
                prop_assert_eq!(window.len(), len.min(page));
                prop_assert!(len == 0 || window.contains(&picker.selected(extent)));
            }
        }
    }
}
