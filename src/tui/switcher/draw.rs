//! Draws the list: a line for each row, and all there is to know of the selected
//! one below it.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use unicode_width::UnicodeWidthStr;

use crate::{
    domain::{
        Alternative, AlternativeKind, AutoMigrate, Destination, Scene, Use, clean, is_production,
    },
    tui::{
        data::Data,
        header, identity,
        picker::Scroll,
        switcher::{
            panel::{Panel, extent},
            sentences,
        },
        text,
        view::{Look, Overlay, View},
        widgets::{Popup, paragraph, popup},
        words,
    },
};

/// Columns of a name at most, where there is room.
const NAME: usize = 24;

/// Lines that the border takes.
const BORDER: u16 = 2;

/// Draws the list over the panes.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = view.look;
    let Some(Overlay::Switcher(panel)) = &mut view.overlay else {
        return;
    };
    let height = usize::from(area.height.saturating_sub(BORDER));
    let title = match panel.kind {
        AlternativeKind::Mode => "Mode",
        AlternativeKind::Profile => "Profile",
    };
    let lines = |width| {
        let drawing = Drawing { data, look, width };
        drawing.lines(panel, height)
    };
    let content = Popup {
        lines,
        scroll: &mut Scroll::default(),
        look: &look,
    };
    popup(frame, area, title, content);
}

/// What every part is drawn from.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    data: &'a Data,
    look: Look,
    width: usize,
}

impl Drawing<'_> {
    fn lines(self, panel: &mut Panel, height: usize) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let Some(list) = panel.list(&self.data.snapshot) else {
            return self.words(sentences::ASKED, theme.dim);
        };
        panel.place(list);
        let rows = match &list.rows {
            Ok(rows) => rows,
            Err(complaints) => return self.complaints(sentences::NOTHING_LISTED, complaints),
        };
        let selected = panel.picker.selected(extent(rows));
        let details = rows.get(selected).map(|row| self.details(row));
        let mut details = details.unwrap_or_default();
        if list.unlisted > 0 {
            let words = sentences::unlisted(list.unlisted);
            details.splice(0..0, self.words(&words, theme.warn));
        }
        // The selected row is always seen, however much there is to say of it.
        let page = height.saturating_sub(details.len() + 1).max(1);
        let window = panel.picker.window(extent(rows), page.min(rows.len()));
        let (above, below) = (window.start, rows.len() - window.end);
        let name = rows.iter().map(|row| name_of(row).width()).max();
        let name = name.unwrap_or(0).min(NAME).min(self.width / 3);
        let shown = rows.iter().enumerate();
        let shown = shown.skip(window.start).take(window.len());
        let mut lines: Vec<_> = shown
            .map(|(at, row)| self.row(row, at == selected, name))
            .collect();
        let hidden = sentences::hidden(above, below);
        lines.push(Line::styled(hidden, theme.accent).right_aligned());
        lines.extend(details);
        lines
    }

    fn words(self, words: &str, style: Style) -> Vec<Line<'static>> {
        paragraph(&clean(words), style, self.width)
    }

    fn complaints(self, what: &str, complaints: &[String]) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let words = format!("{} {what}", self.look.glyphs.failed);
        let mut lines = self.words(&words, theme.bad);
        lines.extend(
            complaints
                .iter()
                .flat_map(|complaint| self.words(complaint, theme.text)),
        );
        lines
    }

    /// ```text
    /// ● local         ✔ valid    db:5432/app  in use  ▲ PRODUCTION
    /// ○ supabase      ✖ INVALID  mode = supabase (chosen by you): is not part …
    /// ○ mock: outage  the server is stopped for 40 s
    /// ```
    fn row(self, row: &Alternative, is_selected: bool, name: usize) -> Line<'static> {
        let (glyphs, theme) = (&self.look.glyphs, &self.look.theme);
        let mark = match row.use_now {
            Use::Not => glyphs.disconnected,
            Use::InUse | Use::InUseOtherwise => glyphs.connected,
        };
        let in_use = match row.use_now {
            Use::Not => String::new(),
            Use::InUse => format!("  {}", sentences::IN_USE),
            Use::InUseOtherwise => format!("  {}", sentences::IN_USE_OTHERWISE),
        };
        let name = words::fit(&name_of(row), name, glyphs.cut);
        let mut line = Line::from(Span::styled(format!("{mark} {name}  "), theme.title));
        match &row.standing {
            Err(complaints) => {
                let words = format!("{} {}", glyphs.failed, sentences::INVALID);
                line.push_span(Span::styled(words, theme.bad));
                line.push_span(Span::raw("  "));
                let why = complaints.first().map(|it| clean(it).into_owned());
                line.push_span(Span::styled(why.unwrap_or_default(), theme.text));
            }
            Ok(to) => line.spans.extend(match &row.scene {
                Some(scene) => {
                    let in_use = in_use.width().max(2 + sentences::IN_USE.width());
                    self.scene(scene, line.width() + in_use)
                }
                None => self.destination(to),
            }),
        }
        line.push_span(Span::styled(in_use, theme.accent));
        self.whole(&line, is_selected)
    }

    /// What is seen of a rehearsal; long steps leave room to say that they are
    /// in use. `used` columns of the row are taken.
    fn scene(self, scene: &Scene, used: usize) -> Vec<Span<'static>> {
        let room = self.width.saturating_sub(used);
        let words = words::cut(&clean(&scene.summary), room, self.look.glyphs.cut);
        vec![Span::styled(words, self.look.theme.text)]
    }

    /// Where a row leads to, and what is to be known of that place.
    fn destination(self, to: &Destination) -> Vec<Span<'static>> {
        let theme = &self.look.theme;
        let valid = format!("{} {}    ", self.look.glyphs.good, sentences::VALID);
        let mut spans = vec![
            Span::styled(valid, theme.ok),
            Span::styled(target(to), theme.text),
        ];
        if let Some(environment) = &to.environment {
            let (words, style) = self.environment(environment);
            let gap = if is_production(environment) {
                " "
            } else {
                "  "
            };
            spans.extend([Span::raw(gap), Span::styled(words, style)]);
        }
        if to.read_only {
            spans.push(Span::raw(" "));
            spans.push(Span::styled(text::READ_ONLY, theme.accent));
        }
        spans
    }

    /// The line over the whole width, cut where it is too long.
    fn whole(self, line: &Line<'static>, is_selected: bool) -> Line<'static> {
        let cut = self.look.glyphs.cut;
        let (mut whole, mut room) = (Line::default(), self.width);
        for span in &line.spans {
            let words = words::cut(&span.content, room, cut);
            room = room.saturating_sub(words.width());
            whole.push_span(Span::styled(words, span.style));
        }
        if is_selected {
            whole.push_span(Span::raw(" ".repeat(room)));
            // One style for the whole bar: colours under it could not be read. What
            // warns of a production warns there, too.
            let (bar, alarm) = (self.look.theme.selected, self.look.theme.alarm);
            for span in whole.spans.iter_mut().filter(|span| span.style != alarm) {
                span.style = bar;
            }
        }
        whole
    }

    fn environment(self, environment: &str) -> (String, Style) {
        let environment = clean(environment);
        if is_production(&environment) {
            let words = format!(
                " {} {} ",
                self.look.glyphs.warning,
                environment.to_uppercase()
            );
            return (words, self.look.theme.alarm);
        }
        (environment.into_owned(), self.look.theme.accent)
    }

    /// All there is to know of a row, and what Enter would do.
    fn details(self, row: &Alternative) -> Vec<Line<'static>> {
        let to = match &row.standing {
            Ok(to) => to,
            Err(complaints) => {
                let what = sentences::invalid_for(&name_of(row), complaints.len());
                return self.complaints(&what, complaints);
            }
        };
        let theme = &self.look.theme;
        let role = match to.target.role.as_str() {
            "" => String::new(),
            role => format!(" as {role}"),
        };
        let profile = to.profile.as_ref();
        let profile = profile.map_or(String::new(), |profile| format!(", profile {profile}"));
        let (mode, security) = (to.target.mode, text::security(to.target.security));
        let what = format!("{mode} {}{role}, {security}{profile}", target(to));
        let mut lines = self.words(&what, theme.text);
        if let Some(direct) = &to.direct {
            let (role, security) = (&direct.role, text::security(direct.security));
            let what = format!("{} as {role}, {security}", identity::goes_to(direct));
            lines.extend(self.words(&what, theme.text));
        }
        if let Some(scene) = &row.scene {
            let what = sentences::rehearses(&scene.summary);
            lines.extend(self.words(&what, theme.text));
        }
        let is_there = to.environment.as_deref().is_some_and(is_production);
        if is_there && !to.read_only {
            lines.extend(self.words(sentences::PRODUCTION_ASKS, theme.warn));
        }
        if to.auto_migrate == AutoMigrate::On {
            lines.extend(self.words(sentences::MIGRATES_THERE, theme.warn));
        }
        // In mock mode the banner says the same already.
        let is_said = row.scene.is_some() && header::is_mock(&self.data.snapshot);
        let remarks = to.remarks.iter().filter(|_| !is_said);
        lines.extend(remarks.flat_map(|remark| self.words(remark, theme.dim)));
        let next = match (row.use_now, &row.scene) {
            (Use::InUse, Some(_)) => sentences::ENTER_BEGINS_ANEW,
            (Use::InUse, None) => sentences::IN_USE_ALREADY,
            (Use::InUseOtherwise, _) => sentences::SWITCHES_OTHERWISE,
            (Use::Not, Some(_)) => sentences::ENTER_REHEARSES,
            (Use::Not, None) => sentences::ENTER_SWITCHES,
        };
        let next = format!("{} {next}", self.look.glyphs.next_step);
        lines.extend(self.words(&next, theme.accent));
        lines
    }
}

fn target(to: &Destination) -> String {
    clean(&to.target.to_string()).into_owned()
}

fn name_of(row: &Alternative) -> String {
    let name = match &row.name {
        Some(name) => clean(name).into_owned(),
        None => sentences::NO_PROFILE.to_owned(),
    };
    match &row.scene {
        Some(scene) => format!("{name}: {}", scene.name),
        None => name,
    }
}
