//! The pictures of terminal screens: size, colours, and frames without gaps.

use std::{num::NonZeroU16, sync::LazyLock};

use crate::picture::{CELL_HEIGHT, CELL_WIDTH, Canvas, Fonts, MARGIN, Palette, Rgb, draw};

/// Read once: it takes a debug build a second.
static FONTS: LazyLock<Fonts> = LazyLock::new(Fonts::load);

const GROUND: Rgb = Palette::DARK.ground;
const TEXT: Rgb = Palette::DARK.text;

/// Draws what a terminal of six columns and two rows shows for this output.
fn picture(output: &str) -> Canvas {
    let size = |count| NonZeroU16::new(count).expect("not zero");
    let mut parser = vt100::Parser::new(size(2), size(6), 0);
    parser.process(output.as_bytes());
    draw(parser.screen(), &Palette::DARK, &FONTS)
}

/// The colours of one cell's pixels.
fn cell(canvas: &Canvas, row: usize, column: usize) -> Vec<Rgb> {
    let (left, top) = (MARGIN + column * CELL_WIDTH, MARGIN + row * CELL_HEIGHT);
    (0..CELL_HEIGHT)
        .flat_map(|y| (0..CELL_WIDTH).map(move |x| (x, y)))
        .map(|(x, y)| canvas.pixel(left + x, top + y))
        .collect()
}

#[test]
fn a_picture_has_the_size_of_its_screen_and_is_a_png() {
    let canvas = picture("hello");
    let (width, height) = (6 * CELL_WIDTH + 2 * MARGIN, 2 * CELL_HEIGHT + 2 * MARGIN);
    assert_eq!(canvas.size(), (width, height));
    let mut file = Vec::new();
    canvas
        .write_png(&mut file)
        .expect("a vector takes any bytes");
    let decoder = png::Decoder::new(std::io::Cursor::new(file));
    let mut reader = decoder.read_info().expect("it is a PNG");
    let mut bytes = vec![0; reader.output_buffer_size().expect("it is small")];
    reader.next_frame(&mut bytes).expect("it is whole");
    let first: Vec<u8> = bytes.drain(..3).collect();
    assert_eq!(
        (bytes.len() + 3, first),
        (width * height * 3, GROUND.0.to_vec())
    );
}

#[test]
fn letters_are_drawn_and_spaces_are_not() {
    let canvas = picture("x ");
    assert!(cell(&canvas, 0, 0).contains(&TEXT));
    assert!(cell(&canvas, 0, 1).iter().all(|pixel| *pixel == GROUND));
}

#[test]
fn bold_covers_more_and_dim_is_weaker() {
    let canvas = picture("m\x1b[1mm\x1b[0;2mm");
    let ink = |column| {
        cell(&canvas, 0, column)
            .iter()
            .filter(|p| **p == TEXT)
            .count()
    };
    assert!(ink(1) > ink(0), "{} > {}", ink(1), ink(0));
    assert_eq!(ink(2), 0);
}

#[test]
fn colours_are_the_palettes_and_inverse_swaps_them() {
    let canvas = picture("\x1b[41m \x1b[0;7m \x1b[0;48;2;1;2;3m \x1b[0;48;5;196m \x1b[0;4m ");
    let one = |column| cell(&canvas, 0, column)[0];
    assert_ne!(one(0), GROUND);
    assert_eq!(one(1), TEXT);
    assert_eq!(one(2), Rgb([1, 2, 3]));
    assert_eq!(one(3), Rgb([255, 0, 0]));
    let underlined = cell(&canvas, 0, 4);
    assert_eq!(
        underlined.iter().filter(|p| **p == TEXT).count(),
        CELL_WIDTH
    );
}

/// As good as the text's colour: round corners fade at their edges.
fn is_inked(pixel: Rgb) -> bool {
    (0..3).all(|channel| pixel.0[channel].abs_diff(TEXT.0[channel]) < 10)
}

/// Looks at the last pixel of one cell and the first of the next.
#[test]
fn frames_join_without_a_gap() {
    for across in ["──", "━━", "├┤", "╭╮", "╰╯", "┏┓", "██"] {
        let canvas = picture(across);
        let y = MARGIN + CELL_HEIGHT / 2;
        let seam = MARGIN + CELL_WIDTH;
        for x in seam - 1..=seam {
            assert!(is_inked(canvas.pixel(x, y)), "{across}, {x}");
        }
    }
    for (upper, lower) in [("│", "│"), ("┃", "┃"), ("┬", "┴"), ("╭", "╰"), ("█", "▀")]
    {
        let canvas = picture(&format!("{upper}\r\n{lower}"));
        let x = MARGIN + CELL_WIDTH / 2;
        let seam = MARGIN + CELL_HEIGHT;
        for y in seam - 1..=seam {
            assert!(is_inked(canvas.pixel(x, y)), "{upper} over {lower}, {y}");
        }
    }
}

#[test]
fn bars_grow_by_eighths() {
    let canvas = picture("▁▂▄▆█");
    let heights = [0, 1, 2, 3, 4].map(|column| {
        let covered = cell(&canvas, 0, column)
            .iter()
            .filter(|p| **p == TEXT)
            .count();
        covered / CELL_WIDTH
    });
    assert_eq!(heights, [3, 6, 12, 18, 24]);
}

#[test]
fn braille_dots_stand_alone_and_in_their_places() {
    let canvas = picture("⠁⣿");
    let dots = |column| {
        cell(&canvas, 0, column)
            .iter()
            .filter(|p| **p == TEXT)
            .count()
    };
    assert_eq!(dots(1), 8 * dots(0));
    assert_eq!(cell(&canvas, 0, 0)[CELL_WIDTH + 1], TEXT, "upper left");
}

#[test]
fn signs_that_the_font_lacks_are_still_drawn_within_their_cell() {
    let canvas = picture("✖●▲✔◌⊘");
    for column in 0..6 {
        let covered = cell(&canvas, 0, column)
            .iter()
            .filter(|p| **p != GROUND)
            .count();
        assert!(covered > 10, "column {column}");
    }
    let outside = (0..CELL_HEIGHT).map(|y| canvas.pixel(MARGIN - 1, MARGIN + y));
    assert!(outside.into_iter().all(|pixel| pixel == GROUND));
}
