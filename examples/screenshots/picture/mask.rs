//! How much of each pixel of a cell a sign covers. It must not know colours.

/// Width of a cell in pixels.
pub(crate) const CELL_WIDTH: usize = 12;

/// Height of a cell in pixels.
pub(crate) const CELL_HEIGHT: usize = 24;

/// A grid of covers, 0 for none to 255 for all, one or two cells wide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    width: usize,
    covers: Vec<u8>,
}

impl Mask {
    /// Covers nothing.
    pub(super) fn empty(cells: usize) -> Self {
        let width = cells * CELL_WIDTH;
        Self {
            width,
            covers: vec![0; width * CELL_HEIGHT],
        }
    }

    /// Asks for the cover of each pixel of one cell, by column and row.
    pub(super) fn of_cell(cover: impl Fn(usize, usize) -> u8) -> Self {
        let mut mask = Self::empty(1);
        for y in 0..CELL_HEIGHT {
            for x in 0..CELL_WIDTH {
                mask.covers[y * CELL_WIDTH + x] = cover(x, y);
            }
        }
        mask
    }

    /// Width in pixels.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Covers a pixel; what lies outside is cut off.
    pub(super) fn cover(&mut self, x: i32, y: i32, cover: u8) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        if x < self.width && y < CELL_HEIGHT {
            let pixel = &mut self.covers[y * self.width + x];
            *pixel = (*pixel).max(cover);
        }
    }

    /// All pixels that are covered at all: column, row, cover.
    pub(super) fn pixels(&self) -> impl Iterator<Item = (usize, usize, u8)> + '_ {
        self.covers
            .iter()
            .enumerate()
            .filter(|(_, cover)| **cover > 0)
            .map(|(index, cover)| (index % self.width, index / self.width, *cover))
    }
}
