//! The configuration as it was read again, over the panes: what it would change,
//! or everything that is wrong with it. Nothing happens before it is confirmed.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    domain::{
        Command, ConfigChange, ConfigDifference, ConfigReview, Fate, Snapshot, Taking, clean,
        is_production,
    },
    tui::{
        data::Data,
        identity,
        picker::Scroll,
        text,
        view::{Look, Overlay, View},
        widgets::{Popup, paragraph, popup},
        words,
    },
};

/// Columns of a key, where there is room.
const KEY: usize = 22;

/// The state of the view.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) scroll: Scroll,
    /// Readings up to this one were made before anybody asked.
    seen: u64,
}

impl Panel {
    /// Shows the next reading.
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let newest = snapshot.review.as_ref();
        Self {
            scroll: Scroll::default(),
            seen: newest.map_or(0, |review| review.number),
        }
    }

    fn review<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a ConfigReview> {
        let newest = snapshot.review.as_deref();
        newest.filter(|review| review.number > self.seen)
    }

    /// What confirming it means.
    ///
    /// # Errors
    /// Why it means nothing.
    pub(super) fn confirm(&self, snapshot: &Snapshot) -> Result<Command, &'static str> {
        let review = self.review(snapshot).ok_or(text::CONFIG_ASKED)?;
        match &review.result {
            Err(_) => Err(text::CONFIG_NOT_VALID),
            Ok(difference) if difference.changes.is_empty() => Err(text::NOTHING_CHANGED),
            Ok(_) => Ok(Command::ApplyConfig(review.number)),
        }
    }
}

/// Draws it over the panes.
pub(super) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = view.look;
    let Some(Overlay::Review(panel)) = &mut view.overlay else {
        return;
    };
    let review = panel.review(&data.snapshot);
    let lines = |width| Drawing { data, look, width }.lines(review);
    let content = Popup {
        lines,
        scroll: &mut panel.scroll,
        look: &look,
    };
    popup(frame, area, "Configuration", content);
}

/// What every part is drawn from.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    data: &'a Data,
    look: Look,
    width: usize,
}

impl Drawing<'_> {
    fn lines(self, review: Option<&ConfigReview>) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let Some(review) = review else {
            return self.words(text::CONFIG_ASKED, theme.dim);
        };
        let mut lines = match &review.result {
            Ok(difference) if difference.changes.is_empty() => {
                let words = format!("{} {}", self.look.glyphs.good, text::NOTHING_CHANGED);
                self.words(&words, theme.ok)
            }
            Ok(difference) => self.difference(difference),
            Err(complaints) => self.complaints(complaints),
        };
        let file = self.data.snapshot.session.config_file.as_ref();
        let file = file.map_or(text::NO_FILE.to_owned(), |file| file.display().to_string());
        let words = text::config_read(&self.data.moment.local(review.at), &file);
        lines.push(Line::default());
        lines.extend(self.words(&words, theme.dim));
        lines
    }

    fn words(self, words: &str, style: Style) -> Vec<Line<'static>> {
        paragraph(&clean(words), style, self.width)
    }

    fn complaints(self, complaints: &[String]) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let words = format!("{} {}", self.look.glyphs.failed, text::CONFIG_NOT_VALID);
        let mut lines = self.words(&words, theme.bad.patch(theme.title));
        let told = complaints.iter();
        lines.extend(told.flat_map(|complaint| self.words(complaint, theme.text)));
        lines
    }

    /// The question first: it is seen however many keys differ.
    fn difference(self, difference: &ConfigDifference) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let to = &difference.destination;
        let target = format!("{} {}", to.target.mode, to.target);
        let question = match difference.connection {
            Fate::Stays => text::apply_running(difference.changes.len()),
            Fate::IsReplaced => text::apply_anew(difference.changes.len(), &target),
        };
        let mut lines = self.words(&question, theme.warn.patch(theme.title));
        if let Some(direct) = &to.direct {
            lines.extend(self.words(&identity::goes_to(direct), theme.text));
        }
        let environment = to.environment.as_deref();
        if let Some(environment) = environment.filter(|it| is_production(it)) {
            let words = format!(
                " {} {} ",
                self.look.glyphs.warning,
                clean(environment).to_uppercase()
            );
            lines.push(Line::from(Span::styled(words, theme.alarm)));
        }
        lines.push(Line::default());
        for change in &difference.changes {
            lines.extend(self.change(change));
        }
        let remarks = to.remarks.iter();
        lines.extend(remarks.flat_map(|remark| self.words(remark, theme.dim)));
        lines
    }

    /// ```text
    /// health_check_interval  30000 ms → 10000 ms
    /// database_url           postgres://a → postgres://b  (new connection)
    /// ```
    fn change(self, change: &ConfigChange) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| text::NONE.to_owned());
        let key = words::fit(change.key, KEY.min(self.width / 2), self.look.glyphs.cut);
        let (old, new) = (shown(&change.old), shown(&change.new));
        let words = format!("{old} {} {new}", self.look.glyphs.next_step);
        let (taking, style) = match change.taking {
            Taking::Running => ("", theme.text),
            Taking::NewConnection => (text::TAKES_CONNECTION, theme.warn),
            Taking::NextStart => (text::TAKES_START, theme.dim),
        };
        let room = self.width.saturating_sub(KEY.min(self.width / 2) + 2);
        let words = format!("{}{taking}", clean(&words));
        let mut lines = Vec::new();
        for (at, part) in words::wrap(&words, room.max(1)).into_iter().enumerate() {
            let label = if at == 0 { key.as_str() } else { "" };
            let label = words::fit(label, KEY.min(self.width / 2), ' ');
            lines.push(Line::from(vec![
                Span::styled(format!("{label}  "), theme.title),
                Span::styled(part.to_owned(), style),
            ]));
        }
        lines
    }
}
