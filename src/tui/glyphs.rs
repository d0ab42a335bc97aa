//! The characters that states and graphs are drawn with, once in Unicode and
//! once in ASCII. Every glyph is one column wide and has a word beside it.

use ratatui::symbols::border;

/// One set of characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Glyphs {
    pub(super) connected: &'static str,
    pub(super) connecting: &'static str,
    pub(super) failed: &'static str,
    pub(super) disconnected: &'static str,
    pub(super) good: &'static str,
    pub(super) warning: &'static str,
    pub(super) unknown: &'static str,
    pub(super) off: &'static str,
    pub(super) running: &'static str,
    /// A sample that was not answered in time.
    pub(super) timed_out: &'static str,
    /// A sample that says nothing about the database.
    pub(super) own_side: &'static str,
    /// What fills a column that has no value because of a failure.
    pub(super) post: &'static str,
    /// A span without samples.
    pub(super) gap: &'static str,
    /// Bars from one eighth (or what comes nearest) to full.
    pub(super) bars: [&'static str; 8],
    pub(super) meter_full: &'static str,
    pub(super) meter_empty: &'static str,
    pub(super) next_step: &'static str,
    pub(super) dot: &'static str,
    pub(super) times: &'static str,
    pub(super) cut: char,
    pub(super) border: border::Set<'static>,
    /// The border of the pane that has the focus.
    pub(super) border_focused: border::Set<'static>,
}

/// For terminals that show Unicode.
pub(super) const UNICODE: Glyphs = Glyphs {
    connected: "●",
    connecting: "◌",
    failed: "✖",
    disconnected: "○",
    good: "✔",
    warning: "▲",
    unknown: "?",
    off: "–",
    running: "▶",
    timed_out: "⊘",
    own_side: "~",
    post: "░",
    gap: "·",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    meter_full: "█",
    meter_empty: "░",
    next_step: "→",
    dot: "·",
    times: "×",
    cut: '…',
    border: border::PLAIN,
    border_focused: border::THICK,
};

/// For terminals that do not.
pub(super) const ASCII: Glyphs = Glyphs {
    connected: "*",
    connecting: "o",
    failed: "X",
    disconnected: "-",
    good: "+",
    warning: "!",
    unknown: "?",
    off: "-",
    running: ">",
    timed_out: "T",
    own_side: "~",
    post: ":",
    gap: ".",
    bars: ["_", "_", "_", "=", "=", "=", "#", "#"],
    meter_full: "#",
    meter_empty: ".",
    next_step: "->",
    dot: "-",
    times: "x",
    cut: '~',
    border: ascii_border("-"),
    border_focused: ascii_border("="),
};

const fn ascii_border(horizontal: &'static str) -> border::Set<'static> {
    border::Set {
        top_left: "+",
        top_right: "+",
        bottom_left: "+",
        bottom_right: "+",
        vertical_left: "|",
        vertical_right: "|",
        horizontal_top: horizontal,
        horizontal_bottom: horizontal,
    }
}
