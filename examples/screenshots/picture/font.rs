//! Letters, from the font `DejaVu` Sans Mono. It must not know where they are put.

use fontdue::{Font, FontSettings};

use super::{
    lines,
    mask::{CELL_WIDTH, Mask},
    shapes,
};

/// At this size a letter of the font is one cell wide, within a twentieth of a pixel.
const SIZE: f32 = 20.0;

/// From the cell's top to the line on which letters stand.
const BASELINE: i32 = 19;

/// The faces of the font, and a wider one for signs that it lacks.
#[derive(Debug)]
pub(crate) struct Fonts {
    /// Regular, bold, oblique, bold and oblique.
    faces: [Font; 4],
    fallback: Font,
}

/// How a letter is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Face {
    pub(super) bold: bool,
    pub(super) oblique: bool,
}

impl Fonts {
    /// Reads the fonts that are part of this program.
    pub(crate) fn load() -> Self {
        use dejavu::{sans, sans_mono};
        Self {
            faces: [
                sans_mono::regular(),
                sans_mono::bold(),
                sans_mono::oblique(),
                sans_mono::bold_oblique(),
            ]
            .map(read),
            fallback: read(sans::regular()),
        }
    }

    /// The sign as it covers a cell, or two when it is wide.
    pub(super) fn mask(&self, sign: char, face: Face, cells: usize) -> Mask {
        lines::mask(sign)
            .or_else(|| shapes::mask(sign))
            .unwrap_or_else(|| self.letter(sign, face, cells))
    }

    fn letter(&self, sign: char, face: Face, cells: usize) -> Mask {
        let own = &self.faces[usize::from(face.bold) + 2 * usize::from(face.oblique)];
        if own.has_glyph(sign) {
            return set(own, sign, SIZE, cells);
        }
        let room = f32::from(u16::try_from(cells * CELL_WIDTH).expect("few pixels"));
        let width = self.fallback.metrics(sign, SIZE).advance_width;
        let size = if width > room {
            SIZE * room / width
        } else {
            SIZE
        };
        set(&self.fallback, sign, size, cells)
    }
}

fn read(bytes: &'static [u8]) -> Font {
    Font::from_bytes(bytes, FontSettings::default()).expect("the font is a valid one")
}

fn set(font: &Font, sign: char, size: f32, cells: usize) -> Mask {
    let (metrics, covers) = font.rasterize(sign, size);
    let mut mask = Mask::empty(cells);
    let top = BASELINE - metrics.ymin - to_i32(metrics.height);
    for (index, cover) in covers.into_iter().enumerate() {
        let x = metrics.xmin + to_i32(index % metrics.width);
        let y = top + to_i32(index / metrics.width);
        mask.cover(x, y, cover);
    }
    mask
}

fn to_i32(pixels: usize) -> i32 {
    i32::try_from(pixels).expect("a letter has few pixels")
}
