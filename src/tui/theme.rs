//! Roles and their styles: sixteen colours, dark, light or none. Nothing else
//! in the screen names a colour, and no meaning hangs on colour alone.

use ratatui::style::{Color, Modifier, Style};

use crate::config::{ThemeName, TuiSection};

/// The style of each role.
#[derive(Debug, Clone, Copy)]
pub(super) struct Theme {
    pub(super) text: Style,
    /// Labels and what matters less.
    pub(super) dim: Style,
    pub(super) title: Style,
    pub(super) accent: Style,
    pub(super) ok: Style,
    pub(super) warn: Style,
    pub(super) bad: Style,
    /// What must be seen from across the room.
    pub(super) alarm: Style,
    /// What stays on the screen as a warning.
    pub(super) banner: Style,
    /// The selected row.
    pub(super) selected: Style,
    pub(super) border: Style,
    pub(super) border_focused: Style,
    /// A key's name in footer and help.
    pub(super) key: Style,
}

impl Theme {
    /// The theme that the configuration asks for.
    pub(super) fn new(section: TuiSection) -> Self {
        if section.no_color {
            return Self::colorless();
        }
        match section.theme {
            ThemeName::Dark => Self::dark(),
            ThemeName::Light => Self::light(),
        }
    }

    fn dark() -> Self {
        Self {
            accent: Style::new().fg(Color::Cyan),
            ok: Style::new().fg(Color::Green),
            warn: Style::new().fg(Color::Yellow),
            bad: bold().fg(Color::LightRed),
            alarm: bold().fg(Color::White).bg(Color::Red),
            banner: Style::new().fg(Color::Black).bg(Color::Yellow),
            border: Style::new().fg(Color::DarkGray),
            border_focused: Style::new().fg(Color::Cyan),
            key: bold().fg(Color::Cyan),
            ..Self::colorless()
        }
    }

    fn light() -> Self {
        Self {
            accent: Style::new().fg(Color::Blue),
            ok: Style::new().fg(Color::Green),
            // Yellow cannot be read on white.
            warn: bold().fg(Color::Magenta),
            bad: bold().fg(Color::Red),
            alarm: bold().fg(Color::White).bg(Color::Red),
            banner: Style::new().fg(Color::Black).bg(Color::Yellow),
            border: Style::new().fg(Color::Gray),
            border_focused: Style::new().fg(Color::Blue),
            key: bold().fg(Color::Blue),
            ..Self::colorless()
        }
    }

    /// No colour at all: bold, underline and reverse keep the meaning.
    fn colorless() -> Self {
        let plain = Style::new();
        Self {
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            title: bold(),
            accent: bold(),
            ok: plain,
            warn: plain.add_modifier(Modifier::UNDERLINED),
            bad: bold().add_modifier(Modifier::UNDERLINED),
            alarm: bold().add_modifier(Modifier::REVERSED),
            banner: plain.add_modifier(Modifier::REVERSED),
            selected: plain.add_modifier(Modifier::REVERSED),
            border: plain.add_modifier(Modifier::DIM),
            border_focused: bold(),
            key: bold(),
        }
    }
}

fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn styles(theme: &Theme) -> [Style; 13] {
        [
            theme.text,
            theme.dim,
            theme.title,
            theme.accent,
            theme.ok,
            theme.warn,
            theme.bad,
            theme.alarm,
            theme.banner,
            theme.selected,
            theme.border,
            theme.border_focused,
            theme.key,
        ]
    }

    #[test]
    fn without_colour_no_style_has_one_and_warnings_still_differ() {
        for theme in [ThemeName::Dark, ThemeName::Light] {
            let section = TuiSection {
                theme,
                ascii: false,
                no_color: true,
            };
            let theme = Theme::new(section);
            for style in styles(&theme) {
                assert_eq!((style.fg, style.bg), (None, None));
            }
            assert_ne!(theme.ok, theme.warn);
            assert_ne!(theme.warn, theme.bad);
        }
    }

    #[test]
    fn only_the_sixteen_colours_are_used() {
        for theme in [Theme::dark(), Theme::light()] {
            for style in styles(&theme) {
                for color in [style.fg, style.bg].into_iter().flatten() {
                    assert!(!matches!(color, Color::Rgb(..) | Color::Indexed(_)));
                }
            }
        }
    }
}
