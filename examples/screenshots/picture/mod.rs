//! Turns a terminal's screen into a picture. It must not know which program
//! has drawn the screen.
#![allow(
    dead_code,
    unused_imports,
    reason = "the tests of this module and the program that uses it need different parts"
)]

mod canvas;
mod font;
mod lines;
mod mask;
mod palette;
mod screen;
mod shapes;

pub(crate) use canvas::{Canvas, Rgb};
pub(crate) use font::Fonts;
pub(crate) use mask::{CELL_HEIGHT, CELL_WIDTH};
pub(crate) use palette::Palette;
pub(crate) use screen::{MARGIN, draw};
