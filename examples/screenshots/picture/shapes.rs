//! Blocks, shades and braille, drawn to the pixel so that they fill or join
//! their cells. It must not know frames and letters.

use super::mask::{CELL_HEIGHT, CELL_WIDTH, Mask};

/// The sign, if this is one that we draw.
pub(super) fn mask(sign: char) -> Option<Mask> {
    let code = u32::from(sign);
    match code {
        0x2800..=0x28FF => Some(braille(code - 0x2800)),
        0x2581..=0x2588 => Some(lower_eighths(code - 0x2580)),
        0x2589..=0x258F => Some(left_eighths(0x2590 - code)),
        0x2591..=0x2593 => {
            let shade = [64, 128, 192][usize::try_from(code - 0x2591).ok()?];
            Some(Mask::of_cell(|_, _| shade))
        }
        0x2596..=0x259F => Some(quadrants(QUADRANTS[usize::try_from(code - 0x2596).ok()?])),
        0x2580 => Some(quadrants(0b1100)),
        0x2590 => Some(quadrants(0b0101)),
        0x2594 => Some(Mask::of_cell(|_, y| full_if(y < CELL_HEIGHT / 8))),
        0x2595 => Some(Mask::of_cell(|x, _| full_if(x >= CELL_WIDTH * 7 / 8))),
        _ => None,
    }
}

/// U+2596 to U+259F: upper left, upper right, lower left, lower right.
const QUADRANTS: [u8; 10] = [
    0b0010, 0b0001, 0b1000, 0b1011, 0b1001, 0b1110, 0b1101, 0b0100, 0b0110, 0b0111,
];

/// A share of 0.0 to 1.0 as a cover; what lies outside is taken as the nearest.
pub(super) fn share(share: f32) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    {
        (share.clamp(0.0, 1.0) * 255.0).round() as u8
    }
}

fn full_if(covered: bool) -> u8 {
    if covered { 255 } else { 0 }
}

fn lower_eighths(count: u32) -> Mask {
    let height = CELL_HEIGHT * to_usize(count) / 8;
    Mask::of_cell(|_, y| full_if(y >= CELL_HEIGHT - height))
}

fn left_eighths(count: u32) -> Mask {
    let width = (CELL_WIDTH * to_usize(count)).div_ceil(8);
    Mask::of_cell(|x, _| full_if(x < width))
}

fn quadrants(bits: u8) -> Mask {
    Mask::of_cell(|x, y| {
        let column = usize::from(x >= CELL_WIDTH / 2);
        let row = usize::from(y >= CELL_HEIGHT / 2);
        full_if(bits & (0b1000 >> (row * 2 + column)) != 0)
    })
}

/// Dots of two by four, at the same distance across cells as within one.
fn braille(bits: u32) -> Mask {
    /// The bit of each dot, row by row.
    const BITS: [[u32; 2]; 4] = [[0, 3], [1, 4], [2, 5], [6, 7]];
    let (step_x, step_y) = (CELL_WIDTH / 2, CELL_HEIGHT / 4);
    Mask::of_cell(|x, y| {
        let is_set = bits & (1 << BITS[y / step_y][x / step_x]) != 0;
        let in_dot =
            (1..step_x - 1).contains(&(x % step_x)) && (1..step_y - 1).contains(&(y % step_y));
        full_if(is_set && in_dot)
    })
}

fn to_usize(count: u32) -> usize {
    usize::try_from(count).expect("at most eight")
}
