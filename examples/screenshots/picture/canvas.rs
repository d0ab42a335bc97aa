//! Pixels, and the file that they are written to. It must not know what they show.

use std::io::Write;

use super::mask::{CELL_HEIGHT, Mask};

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rgb(pub(crate) [u8; 3]);

/// A picture under way.
#[derive(Debug)]
pub(crate) struct Canvas {
    width: usize,
    pixels: Vec<Rgb>,
}

/// A place on a canvas, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) x: usize,
    pub(super) y: usize,
}

impl Rgb {
    /// This colour where the cover is 255, the other where it is 0.
    pub(super) fn over(self, ground: Self, cover: u8) -> Self {
        let mix = |channel: usize| {
            let (upper, lower) = (u16::from(self.0[channel]), u16::from(ground.0[channel]));
            let cover = u16::from(cover);
            let sum = upper * cover + lower * (255 - cover);
            u8::try_from(sum / 255).expect("a mean of two bytes is a byte")
        };
        Self([mix(0), mix(1), mix(2)])
    }
}

impl Canvas {
    /// A canvas of one colour.
    pub(super) fn new(width: usize, height: usize, color: Rgb) -> Self {
        Self {
            width,
            pixels: vec![color; width * height],
        }
    }

    /// Width and height in pixels.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.width, self.pixels.len() / self.width)
    }

    /// The colour of a pixel.
    pub(crate) fn pixel(&self, x: usize, y: usize) -> Rgb {
        self.pixels[y * self.width + x]
    }

    /// Fills the cells at this place.
    pub(super) fn fill(&mut self, place: Place, width: usize, color: Rgb) {
        for y in place.y..place.y + CELL_HEIGHT {
            let start = y * self.width + place.x;
            self.pixels[start..start + width].fill(color);
        }
    }

    /// Lays a colour over what is there, as far as the mask covers it.
    pub(super) fn paint(&mut self, place: Place, mask: &Mask, color: Rgb) {
        for (x, y, cover) in mask.pixels() {
            let pixel = &mut self.pixels[(place.y + y) * self.width + place.x + x];
            *pixel = color.over(*pixel, cover);
        }
    }

    /// Writes the picture as PNG.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_png(&self, file: impl Write) -> Result<(), png::EncodingError> {
        let (width, height) = self.size();
        let to_u32 = |size| u32::try_from(size).expect("a screen has few pixels");
        let mut encoder = png::Encoder::new(file, to_u32(width), to_u32(height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::High);
        let bytes: Vec<u8> = self.pixels.iter().flat_map(|pixel| pixel.0).collect();
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&bytes)?;
        writer.finish()
    }
}
