//! Frames, drawn so that they join from cell to cell without a gap, which a
//! font at a rounded size does not promise. It must not know other signs.

use super::mask::{CELL_HEIGHT, CELL_WIDTH, Mask};

const MIDDLE_X: usize = CELL_WIDTH / 2;
const MIDDLE_Y: usize = CELL_HEIGHT / 2;

/// Half the width of a light and of a heavy line, in pixels.
const LIGHT: usize = 1;
const HEAVY: usize = 2;

/// The sides to which a frame's sign reaches.
const UP: u8 = 1;
const RIGHT: u8 = 2;
const DOWN: u8 = 4;
const LEFT: u8 = 8;

/// The light signs, the heavy ones of the same shape, and their sides.
const FRAMES: [(char, char, u8); 15] = [
    ('─', '━', RIGHT | LEFT),
    ('│', '┃', UP | DOWN),
    ('┌', '┏', RIGHT | DOWN),
    ('┐', '┓', DOWN | LEFT),
    ('└', '┗', UP | RIGHT),
    ('┘', '┛', UP | LEFT),
    ('├', '┣', UP | RIGHT | DOWN),
    ('┤', '┫', UP | DOWN | LEFT),
    ('┬', '┳', RIGHT | DOWN | LEFT),
    ('┴', '┻', UP | RIGHT | LEFT),
    ('┼', '╋', UP | RIGHT | DOWN | LEFT),
    ('╵', '╹', UP),
    ('╶', '╺', RIGHT),
    ('╷', '╻', DOWN),
    ('╴', '╸', LEFT),
];

/// The round corners and their sides.
const ROUND: [(char, u8); 4] = [
    ('╭', RIGHT | DOWN),
    ('╮', DOWN | LEFT),
    ('╰', UP | RIGHT),
    ('╯', UP | LEFT),
];

/// The frame's sign, if this is one that we draw.
pub(super) fn mask(sign: char) -> Option<Mask> {
    if let Some((_, sides)) = ROUND.iter().find(|(round, _)| *round == sign) {
        return Some(corner(*sides));
    }
    let (light, _, sides) = FRAMES
        .iter()
        .find(|(light, heavy, _)| *light == sign || *heavy == sign)?;
    let half = if *light == sign { LIGHT } else { HEAVY };
    Some(straight(*sides, half))
}

fn straight(sides: u8, half: usize) -> Mask {
    Mask::of_cell(|x, y| {
        let in_column = (MIDDLE_X - half..MIDDLE_X + half).contains(&x);
        let in_row = (MIDDLE_Y - half..MIDDLE_Y + half).contains(&y);
        let up = sides & UP != 0 && in_column && y < MIDDLE_Y + half;
        let down = sides & DOWN != 0 && in_column && y >= MIDDLE_Y - half;
        let left = sides & LEFT != 0 && in_row && x < MIDDLE_X + half;
        let right = sides & RIGHT != 0 && in_row && x >= MIDDLE_X - half;
        if up || down || left || right { 255 } else { 0 }
    })
}

/// A quarter of a circle from the middle of one side to the line of the other.
fn corner(sides: u8) -> Mask {
    let radius = MIDDLE_X;
    let center_x = if sides & RIGHT != 0 { CELL_WIDTH } else { 0 };
    let center_y = if sides & DOWN != 0 {
        MIDDLE_Y + radius
    } else {
        MIDDLE_Y - radius
    };
    Mask::of_cell(|x, y| {
        let beyond = if sides & DOWN != 0 {
            y >= center_y
        } else {
            y < center_y
        };
        if beyond {
            let in_column = (MIDDLE_X - LIGHT..MIDDLE_X + LIGHT).contains(&x);
            return if in_column { 255 } else { 0 };
        }
        let distance = hypotenuse(x, center_x, y, center_y);
        near(distance, radius)
    })
}

fn hypotenuse(x: usize, center_x: usize, y: usize, center_y: usize) -> f32 {
    (to_f32(x) + 0.5 - to_f32(center_x)).hypot(to_f32(y) + 0.5 - to_f32(center_y))
}

/// Full within the line, fading over one pixel at its edges.
fn near(distance: f32, radius: usize) -> u8 {
    let cover = to_f32(LIGHT) + 0.5 - (distance - to_f32(radius)).abs();
    super::shapes::share(cover)
}

fn to_f32(pixels: usize) -> f32 {
    f32::from(u16::try_from(pixels).expect("a cell has few pixels"))
}
