//! The colours of a dark and of a light terminal. It must not know what a
//! program means by them.

use vt100::Color;

use super::canvas::Rgb;

/// What a terminal shows for the colours that programs name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// For cells without a colour of their own.
    pub(crate) text: Rgb,
    /// Behind them.
    pub(crate) ground: Rgb,
    /// Black, red, green, yellow, blue, magenta, cyan, white; then their bright kin.
    sixteen: [Rgb; 16],
}

impl Palette {
    /// A terminal with a dark background.
    pub(crate) const DARK: Self = Self {
        text: hex(0x00d4_d7dc),
        ground: hex(0x0015_181e),
        sixteen: [
            hex(0x0015_181e),
            hex(0x00c2_3b3b),
            hex(0x0062_b45a),
            hex(0x00d6_a63c),
            hex(0x004f_8fe0),
            hex(0x00b3_77d9),
            hex(0x0045_b8c4),
            hex(0x00b4_bac4),
            hex(0x006b_7482),
            hex(0x00f2_7474),
            hex(0x0085_d67c),
            hex(0x00f0_c867),
            hex(0x0078_b0f5),
            hex(0x00cf_9df0),
            hex(0x0071_dbe6),
            hex(0x00f8_f9fb),
        ],
    };

    /// A terminal with a light background.
    pub(crate) const LIGHT: Self = Self {
        text: hex(0x0024_282e),
        ground: hex(0x00fb_fbf9),
        sixteen: [
            hex(0x0024_282e),
            hex(0x00b8_2a2a),
            hex(0x002c_7a32),
            hex(0x00e0_b13f),
            hex(0x0021_5fb8),
            hex(0x008a_3db5),
            hex(0x0017_7a86),
            hex(0x009a_a1ab),
            hex(0x0066_6d78),
            hex(0x00d1_4545),
            hex(0x003f_9446),
            hex(0x00b5_8512),
            hex(0x003d_7cd6),
            hex(0x00a4_5ccf),
            hex(0x002c_97a3),
            hex(0x00ff_ffff),
        ],
    };

    /// The colour of text.
    pub(super) fn text_of(&self, color: Color) -> Rgb {
        self.named(color).unwrap_or(self.text)
    }

    /// The colour behind text.
    pub(super) fn ground_of(&self, color: Color) -> Rgb {
        self.named(color).unwrap_or(self.ground)
    }

    fn named(&self, color: Color) -> Option<Rgb> {
        match color {
            Color::Default => None,
            Color::Idx(index @ 0..16) => Some(self.sixteen[usize::from(index)]),
            Color::Idx(index @ 16..232) => {
                let index = index - 16;
                let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
                Some(Rgb([
                    level(index / 36),
                    level(index / 6 % 6),
                    level(index % 6),
                ]))
            }
            Color::Idx(index) => Some(Rgb([8 + 10 * (index - 232); 3])),
            Color::Rgb(red, green, blue) => Some(Rgb([red, green, blue])),
        }
    }
}

const fn hex(code: u32) -> Rgb {
    let [_, red, green, blue] = code.to_be_bytes();
    Rgb([red, green, blue])
}
