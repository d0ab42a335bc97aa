//! Lays a terminal's cells out on a canvas. It must not know how a sign is drawn.

use vt100::{Cell, Screen};

use super::{
    canvas::{Canvas, Place, Rgb},
    font::{Face, Fonts},
    mask::{CELL_HEIGHT, CELL_WIDTH, Mask},
    palette::Palette,
};

/// Empty pixels around the screen.
pub(crate) const MARGIN: usize = 12;

/// How much of its colour dim text keeps, of 255.
const DIM: u8 = 140;

/// Draws the screen as a terminal with this palette shows it, without its cursor.
pub(crate) fn draw(screen: &Screen, palette: &Palette, fonts: &Fonts) -> Canvas {
    let (rows, columns) = screen.size();
    let width = usize::from(columns.get()) * CELL_WIDTH + 2 * MARGIN;
    let height = usize::from(rows.get()) * CELL_HEIGHT + 2 * MARGIN;
    let mut canvas = Canvas::new(width, height, palette.ground);
    for row in 0..rows.get() {
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column) else {
                continue;
            };
            // The cell before has been drawn over two.
            if cell.is_wide_continuation() {
                continue;
            }
            let place = Place {
                x: MARGIN + usize::from(column) * CELL_WIDTH,
                y: MARGIN + usize::from(row) * CELL_HEIGHT,
            };
            draw_cell(&mut canvas, place, &Look::of(cell, palette), fonts);
        }
    }
    canvas
}

/// A cell as it is to be seen.
struct Look<'a> {
    cell: &'a Cell,
    cells: usize,
    text: Rgb,
    ground: Rgb,
}

impl<'a> Look<'a> {
    fn of(cell: &'a Cell, palette: &Palette) -> Self {
        let mut text = palette.text_of(cell.fgcolor());
        let mut ground = palette.ground_of(cell.bgcolor());
        if cell.inverse() {
            (text, ground) = (ground, text);
        }
        if cell.dim() {
            text = text.over(ground, DIM);
        }
        Self {
            cell,
            cells: if cell.is_wide() { 2 } else { 1 },
            text,
            ground,
        }
    }
}

fn draw_cell(canvas: &mut Canvas, place: Place, look: &Look<'_>, fonts: &Fonts) {
    canvas.fill(place, look.cells * CELL_WIDTH, look.ground);
    let face = Face {
        bold: look.cell.bold(),
        oblique: look.cell.italic(),
    };
    // More than one sign: the others are accents upon the first.
    for sign in look.cell.contents().chars() {
        canvas.paint(place, &fonts.mask(sign, face, look.cells), look.text);
    }
    if look.cell.underline() {
        canvas.paint(place, &underline(look.cells), look.text);
    }
}

fn underline(cells: usize) -> Mask {
    let mut mask = Mask::empty(cells);
    for x in 0..mask.width() {
        mask.cover(i32::try_from(x).expect("few pixels"), 21, 255);
    }
    mask
}
