//! Where things stand on a screen of a given size. Knows sizes and panes, not
//! what is in them.

use ratatui::layout::{Constraint, Layout, Rect, Size};

use crate::tui::view::{Pane, View};

/// Below this nothing fits but one sentence.
pub(super) const SMALLEST: Size = Size {
    width: 40,
    height: 10,
};

/// From here on all six panes fit.
const FULL: (u16, u16) = (110, 34);

/// From here on three panes fit, two of them side by side.
const COMPACT: (u16, u16) = (76, 20);

/// From this height on three panes fit one above the other.
const TALL: u16 = 32;

/// Lines that the panes keep, however much the header has to say.
const BODY: u16 = 4;

/// The screen, cut into pieces.
pub(super) struct Plan {
    pub(super) header: Rect,
    /// All between header and footer.
    pub(super) body: Rect,
    pub(super) footer: Rect,
    pub(super) panes: Vec<(Pane, Rect)>,
    /// True when panes 3 to 6 share one place.
    pub(super) shares_lower: bool,
}

/// True when the screen is too small for header, a pane and footer.
pub(super) fn is_too_small(area: Rect) -> bool {
    area.width < SMALLEST.width || area.height < SMALLEST.height
}

/// Cuts the screen. The size alone decides the shape, so that a longer header
/// moves panes but does not rearrange them.
///
/// ```text
///    full                     compact                  single, zoomed
///  ┌────────────────────┐   ┌────────────────────┐   ┌──────────────┐
///  │ header             │   │ header             │   │ header       │
///  ├─────────┬──────────┤   ├─────────┬──────────┤   ├──────────────┤
///  │ 1 Conn. │ 2 Lat.   │   │ 1 Conn. │ 2 Lat.   │   │ the focused  │
///  │         │          │   ├─────────┴──────────┤   │ pane         │
///  ├─────────┼──────────┤   │ one of 3, 4, 5, 6  │   ├──────────────┤
///  │ 3 Checks│ 5 Errors │   ├────────────────────┤   │ footer       │
///  ├─────────┼──────────┤   │ footer             │   └──────────────┘
///  │ 4 Oper. │ 6 Log    │   └────────────────────┘
///  ├─────────┴──────────┤
///  │ footer             │    tall: 1, 2 and one of 3 to 6 in one column
///  └────────────────────┘
/// ```
pub(super) fn plan(area: Rect, header_lines: usize, view: &View) -> Plan {
    let most = area.height.saturating_sub(1 + BODY);
    let header_height = u16::try_from(header_lines).unwrap_or(u16::MAX).min(most);
    let [header, body, footer] = Layout::vertical([
        Constraint::Length(header_height),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    let is_at_least = |size: (u16, u16)| area.width >= size.0 && area.height >= size.1;
    let mut shares_lower = false;
    let panes = if view.is_zoomed {
        vec![(view.focus, body)]
    } else if is_at_least(FULL) {
        full(body)
    } else if is_at_least(COMPACT) {
        shares_lower = true;
        compact(body, view.lower)
    } else if area.height >= TALL {
        shares_lower = true;
        tall(body, view.lower)
    } else {
        vec![(view.focus, body)]
    };
    Plan {
        header,
        body,
        footer,
        panes,
        shares_lower,
    }
}

fn full(body: Rect) -> Vec<(Pane, Rect)> {
    let rows = Layout::vertical([
        Constraint::Percentage(44),
        Constraint::Fill(1),
        Constraint::Fill(1),
    ]);
    let [top, middle, bottom] = rows.areas(body);
    let ([connection, latency], [checks, errors]) = (halves(top), halves(middle));
    let [operations, log] = halves(bottom);
    vec![
        (Pane::Connection, connection),
        (Pane::Latency, latency),
        (Pane::Checks, checks),
        (Pane::Operations, operations),
        (Pane::Errors, errors),
        (Pane::Log, log),
    ]
}

fn compact(body: Rect, lower: Pane) -> Vec<(Pane, Rect)> {
    let top_height = body.height.div_ceil(2);
    let rows = Layout::vertical([Constraint::Length(top_height), Constraint::Fill(1)]);
    let [top, bottom] = rows.areas(body);
    let [connection, latency] = halves(top);
    vec![
        (Pane::Connection, connection),
        (Pane::Latency, latency),
        (lower, bottom),
    ]
}

fn tall(body: Rect, lower: Pane) -> Vec<(Pane, Rect)> {
    let [first, second, third] = Layout::vertical([Constraint::Fill(1); 3]).areas(body);
    vec![
        (Pane::Connection, first),
        (Pane::Latency, second),
        (lower, third),
    ]
}

fn halves(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1); 2]).areas(area)
}
