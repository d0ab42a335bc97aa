//! Draws the migrations: what waits for an answer, the target, how it stands, the
//! newest run, the files.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    domain::{DbError, MigrationLook, MigrationProgress, MigrationRun, MigrationState, clean},
    tui::{
        data::Data,
        migrations::{
            files::{File, Standing, files},
            offer::{Offer, Write, offer},
            panel::{Answer, Asking},
        },
        text,
        view::{Look, Overlay, View},
        widgets::{Popup, paragraph, popup},
        words,
    },
};

/// Columns of a file's name, where there is room.
const NAME: usize = 28;

/// Differences that are told; the command line tells all of them.
const DIFFERENCES: usize = 100;

/// Draws the migrations over the panes.
pub(in crate::tui) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = &view.look;
    let Some(Overlay::Migrations(panel)) = &mut view.overlay else {
        return;
    };
    let asking = panel.asking.as_ref();
    let is_asking = asking.is_some();
    let lines = |width| {
        let drawing = Drawing {
            data,
            look,
            width,
            is_asking,
        };
        drawing.lines(asking)
    };
    let content = Popup {
        lines,
        scroll: &mut panel.scroll,
        look,
    };
    popup(frame, area, "Migrations", content);
}

/// What every part is drawn from.
#[derive(Clone, Copy)]
struct Drawing<'a> {
    data: &'a Data,
    look: &'a Look,
    width: usize,
    /// A question stands above, and the keys are its own.
    is_asking: bool,
}

impl Drawing<'_> {
    fn lines(self, asking: Option<&Asking>) -> Vec<Line<'static>> {
        let snapshot = &self.data.snapshot;
        let newest = snapshot.migrations.as_deref();
        let progress = snapshot.migration.as_deref();
        let mut lines = Vec::new();
        if let Some(asking) = asking {
            lines.append(&mut self.question(asking));
        }
        let files = files(newest, progress);
        lines.append(&mut self.place(newest));
        lines.append(&mut self.standing(newest, &files));
        if let Some(progress) = progress {
            lines.append(&mut self.run(progress));
        }
        lines.extend(files.iter().map(|file| self.file(file)));
        // There may be many lines of it: the files stay in sight.
        if let Some((_, Ok(run))) = progress.and_then(MigrationProgress::ended) {
            lines.append(&mut self.outcome(run));
        }
        lines
    }

    fn words(self, words: &str, style: Style) -> Vec<Line<'static>> {
        paragraph(&clean(words), style, self.width)
    }

    fn next_step(self, words: &str) -> Vec<Line<'static>> {
        let words = format!("{} {words}", self.look.glyphs.next_step);
        self.words(&words, self.look.theme.accent)
    }

    /// What waits for an answer, and what was typed.
    fn question(self, asking: &Asking) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let target = self.data.snapshot.session.written().to_string();
        let what = match (asking.write, offer(self.data)) {
            (Write::Migrate, Offer::Migrate(count)) => text::apply_files(count),
            (Write::Migrate, _) => text::APPLY_PENDING.to_owned(),
            (Write::Adopt, _) => text::ADOPT.to_owned(),
        };
        let alarm = theme.warn.patch(theme.title);
        let mut lines = match &asking.answer {
            Answer::Key => self.words(&text::confirm_by_key(&what, &target), alarm),
            Answer::Name { typed, is_wrong } => {
                let mut lines = self.words(&text::confirm_by_name(&what, &target), alarm);
                lines.append(&mut self.words(&format!("> {typed}_"), theme.accent));
                if *is_wrong {
                    lines.append(&mut self.words(text::ANOTHER_NAME, theme.bad));
                }
                lines
            }
        };
        lines.push(Line::default());
        lines
    }

    /// Which database, and where in it.
    fn place(self, newest: Option<&MigrationLook>) -> Vec<Line<'static>> {
        let target = self.data.snapshot.session.written();
        let mut words = format!("{} {target}", target.mode);
        if let Some(Ok(state)) = newest.map(|look| &look.result) {
            words.push_str(&text::places(&state.schema, &state.ledger));
        }
        self.words(&words, self.look.theme.text)
    }

    /// What the newest look has found.
    fn standing(self, newest: Option<&MigrationLook>, files: &[File]) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let Some(newest) = newest else {
            return self.words(text::MIGRATIONS_ASKED, theme.dim);
        };
        let mut lines = match &newest.result {
            Ok(state) => self.found(state, files),
            Err(error) => self.error(text::MIGRATIONS_UNKNOWN, error),
        };
        let moment = &self.data.moment;
        let age = words::age(moment.now, newest.at);
        let mut words = text::looked(&moment.local(newest.at), &age);
        if !self.is_asking {
            words.push_str(text::LOOK_AGAIN);
        }
        lines.append(&mut self.words(&words, theme.dim));
        lines
    }

    fn found(self, state: &MigrationState, files: &[File]) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let applied = files.iter().filter(|file| file.is_applied()).count();
        let pending = files.len() - applied;
        let offer = offer(self.data);
        let mut lines = match &state.refusal {
            Some(refusal) => {
                let words = format!("{} {refusal}", self.look.glyphs.failed);
                let mut lines = self.words(&words, theme.bad);
                if offer != Offer::Adopt {
                    lines.append(&mut self.next_step(refusal.hint()));
                }
                lines
            }
            None if pending == 0 => self.words(&text::all_applied(applied), theme.ok),
            None => self.words(&text::pending(applied, pending), theme.warn),
        };
        lines.append(&mut match offer {
            Offer::Migrate(_) | Offer::Adopt if self.is_asking => Vec::new(),
            Offer::Migrate(_) => self.next_step(text::U_APPLIES),
            Offer::Adopt => self.next_step(self.adopting()),
            Offer::Nothing(_) if pending == 0 || self.data.is_migrating() => Vec::new(),
            Offer::Nothing(_) => self.obstacle(state),
        });
        lines
    }

    /// What adopting does, or does again.
    fn adopting(self) -> &'static str {
        let progress = self.data.snapshot.migration.as_deref();
        match progress.and_then(MigrationProgress::ended) {
            Some((_, Ok(MigrationRun::Adopted(_)))) => text::A_ADOPTS_AGAIN,
            Some(_) | None => text::A_ADOPTS,
        }
    }

    /// Why nothing can be written, where that is so.
    fn obstacle(self, state: &MigrationState) -> Vec<Line<'static>> {
        let style = self.look.theme.warn;
        if self.data.snapshot.session.read_only {
            return self.words(text::MIGRATIONS_READ_ONLY, style);
        }
        if let Some(why) = state.unwritable {
            let words = format!("{}: {}", text::MIGRATIONS_UNWRITABLE, why.as_str());
            let mut lines = self.words(&words, style);
            lines.append(&mut self.next_step(why.hint()));
            return lines;
        }
        let Some(right) = &state.missing_right else {
            return Vec::new();
        };
        let mut lines = self.words(&right.words, style);
        lines.append(&mut self.next_step(right.hint));
        lines
    }

    /// The newest run: how far it has come, or how it ended.
    fn run(self, progress: &MigrationProgress) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let moment = &self.data.moment;
        let began = moment.local(progress.began());
        let Some((at, result)) = progress.ended() else {
            let words = match progress.waiting_for() {
                Some(Some(holder)) => text::waits_for(&began, &holder.to_string()),
                Some(None) => text::waits_for(&began, text::ANOTHER_RUN),
                None => text::runs(&began),
            };
            return self.words(&words, theme.accent);
        };
        let took = (*at - progress.began()).to_std().unwrap_or_default();
        match result {
            Ok(run) => {
                let words = text::run_ended(&began, &run.to_string(), &words::latency(took));
                self.words(&words, theme.ok)
            }
            Err(error) => self.error(&text::run_failed(&began), error),
        }
    }

    /// What else there is to know of a run that ended well.
    fn outcome(self, run: &MigrationRun) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        match run {
            MigrationRun::Migrated(report) if report.applied_by_others.is_empty() => Vec::new(),
            MigrationRun::Migrated(report) => {
                let words = text::applied_by_others(report.applied_by_others.len());
                self.words(&words, theme.text)
            }
            MigrationRun::Adopted(adoption) => {
                let told = adoption.differences.iter().take(DIFFERENCES);
                let mut lines: Vec<_> = told
                    .flat_map(|it| self.words(&format!("{}: {it}", it.migration), theme.warn))
                    .collect();
                let more = adoption.differences.len().saturating_sub(DIFFERENCES);
                if more > 0 {
                    lines.append(&mut self.words(&text::more_differences(more), theme.warn));
                }
                let remarks = adoption.remarks.iter();
                lines.extend(remarks.flat_map(|remark| self.words(remark, theme.dim)));
                lines
            }
        }
    }

    /// A failure with its cause and the next step.
    fn error(self, what: &str, error: &DbError) -> Vec<Line<'static>> {
        let theme = &self.look.theme;
        let message = error.message();
        let code = error
            .code()
            .map_or(String::new(), |code| format!(" ({code})"));
        let words = format!("{} {what}: {message}{code}", self.look.glyphs.failed);
        let mut lines = self.words(&words, theme.bad);
        if let Some(details) = error.details().filter(|it| !message.contains(it)) {
            lines.append(&mut self.words(details, theme.bad));
        }
        lines.append(&mut self.next_step(error.hint()));
        lines
    }

    fn file(self, file: &File) -> Line<'static> {
        let (glyphs, theme) = (&self.look.glyphs, &self.look.theme);
        let moment = &self.data.moment;
        let (glyph, style, words) = match file.standing {
            Standing::Recorded { at, took_ms } => {
                let took = took_ms.map_or(String::new(), |ms| format!(", {ms} ms"));
                let at = at.map_or_else(|| text::NO_TIME.to_owned(), |at| moment.both(at));
                let words = format!("{} {at}{took}", text::APPLIED);
                (glyphs.good, theme.ok, words)
            }
            Standing::Applied(took) => {
                let words = format!("{} {}", text::APPLIED_NOW, words::latency(took));
                (glyphs.good, theme.ok, words)
            }
            Standing::Running(since) => {
                let words = format!("{} {}", text::RUNNING, words::age(moment.now, since));
                (glyphs.running, theme.accent, words)
            }
            Standing::RolledBack => (glyphs.failed, theme.bad, text::ROLLED_BACK.to_owned()),
            Standing::Left => (glyphs.unknown, theme.bad, text::LEFT.to_owned()),
            Standing::Pending => (glyphs.disconnected, theme.warn, text::PENDING.to_owned()),
        };
        let (glyph, style, words) = if file.is_at_fault {
            (
                glyphs.failed,
                theme.bad,
                format!("{}, {words}", text::AT_FAULT),
            )
        } else {
            (glyph, style, words)
        };
        let room = NAME.min(self.width / 2);
        let name = words::fit(&clean(&file.name.to_string()), room, glyphs.cut);
        let left = self.width.saturating_sub(room + 3);
        Line::from(vec![
            Span::styled(format!("{glyph} "), style),
            Span::styled(format!("{name} "), theme.text),
            Span::styled(words::cut(&words, left, glyphs.cut), style),
        ])
    }
}
