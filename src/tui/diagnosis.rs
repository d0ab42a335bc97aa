//! The newest diagnosis over the panes, finding by finding as they come. It is
//! never frozen: who asks for it wants to know what is true now.

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    domain::{DiagnosisProgress, Exam, Finding, FindingStatus, Health, clean},
    tui::{
        clock::Moment,
        data::Data,
        text,
        view::{Look, Overlay, View},
        widgets::{Popup, paragraph, popup},
        words,
    },
};

/// Columns before the words of a finding: glyph, name and time.
const INDENT: usize = 22;

/// Draws the diagnosis over the panes.
pub(super) fn render(frame: &mut Frame, area: Rect, data: &Data, view: &mut View) {
    let look = &view.look;
    let Some(Overlay::Diagnosis(scroll)) = &mut view.overlay else {
        return;
    };
    let progress = data.snapshot.diagnosis.as_deref();
    let lines = |width| lines(progress, data, look, width);
    let content = Popup {
        lines,
        scroll,
        look,
    };
    popup(frame, area, "Diagnosis", content);
}

fn lines(
    progress: Option<&DiagnosisProgress>,
    data: &Data,
    look: &Look,
    width: usize,
) -> Vec<Line<'static>> {
    let Some(progress) = progress else {
        return paragraph(text::DIAGNOSIS_ASKED, look.theme.dim, width);
    };
    let exams = Exam::of_mode(data.snapshot.session.target.mode);
    let mut lines = summary(progress, exams, &data.moment, look, width);
    for exam in exams.iter().copied() {
        match progress.of(exam) {
            Some(finding) => lines.append(&mut finding_lines(finding, look, width)),
            None => lines.push(waiting(exam, look)),
        }
    }
    lines
}

/// Verdict and next step, once they are known: first of all, so that they are
/// seen on the smallest screen.
fn summary(
    progress: &DiagnosisProgress,
    exams: &[Exam],
    moment: &Moment,
    look: &Look,
    width: usize,
) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let began = moment.local(progress.began());
    let Some((at, conclusion)) = progress.ended() else {
        let words = text::diagnosis_goes_on(&began, progress.findings().len(), exams.len());
        return paragraph(&words, theme.accent, width);
    };
    let style = match conclusion.health {
        Health::Healthy => theme.ok,
        Health::Degraded => theme.warn,
        Health::Unhealthy => theme.bad,
    };
    let took = (*at - progress.began()).to_std().unwrap_or_default();
    let times = text::diagnosis_ended(&began, &words::latency(took));
    let next_step = format!("{} {}", look.glyphs.next_step, clean(&conclusion.next_step));
    let mut lines = paragraph(&clean(&conclusion.verdict), style, width);
    lines.append(&mut paragraph(&next_step, theme.accent, width));
    lines.append(&mut paragraph(&times, theme.dim, width));
    lines
}

fn finding_lines(finding: &Finding, look: &Look, width: usize) -> Vec<Line<'static>> {
    let (glyph, style) = sign(finding.status, look);
    let took = finding.took.map_or(String::new(), words::latency);
    let body = match finding.status {
        FindingStatus::Ok => look.theme.text,
        FindingStatus::Skipped => look.theme.dim,
        FindingStatus::Warning | FindingStatus::Failed => style,
    };
    let mut first = vec![
        Span::styled(format!("{glyph} "), style),
        Span::styled(words::fit(finding.exam.as_str(), 11, ' '), look.theme.dim),
        Span::styled(format!("{took:>8} "), look.theme.dim),
    ];
    let room = width.saturating_sub(INDENT).max(1);
    let mut lines = Vec::new();
    let summary = format!("{}{}", word(finding.status), clean(&finding.summary));
    for line in paragraph(&summary, body, room) {
        let mut spans = match std::mem::take(&mut first) {
            spans if spans.is_empty() => vec![Span::raw(" ".repeat(INDENT))],
            spans => spans,
        };
        spans.extend(
            line.spans
                .into_iter()
                .map(|span| span.patch_style(line.style)),
        );
        lines.push(Line::from(spans));
    }
    lines.extend(notes(finding, look, width));
    lines
}

/// What else there is to know, a little to the right of the names.
fn notes(finding: &Finding, look: &Look, width: usize) -> Vec<Line<'static>> {
    const MARGIN: usize = 4;
    let room = width.saturating_sub(MARGIN).max(1);
    finding
        .notes
        .iter()
        .flat_map(|note| paragraph(&clean(note), look.theme.dim, room))
        .map(|line| {
            let mut spans = vec![Span::raw(" ".repeat(MARGIN))];
            spans.extend(
                line.spans
                    .into_iter()
                    .map(|span| span.patch_style(line.style)),
            );
            Line::from(spans)
        })
        .collect()
}

fn waiting(exam: Exam, look: &Look) -> Line<'static> {
    let words = format!(
        "{} {}{}",
        look.glyphs.connecting,
        words::fit(exam.as_str(), 20, ' '),
        text::DIAGNOSIS_WAITS
    );
    Line::styled(words, look.theme.dim)
}

fn sign(status: FindingStatus, look: &Look) -> (&'static str, Style) {
    let (glyphs, theme) = (&look.glyphs, &look.theme);
    match status {
        FindingStatus::Ok => (glyphs.good, theme.ok),
        FindingStatus::Warning => (glyphs.warning, theme.warn),
        FindingStatus::Failed => (glyphs.failed, theme.bad),
        FindingStatus::Skipped => (glyphs.off, theme.dim),
    }
}

/// A word beside the glyph, where all is not well.
const fn word(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::Ok => "",
        FindingStatus::Warning => "warning: ",
        FindingStatus::Failed => "FAILED: ",
        FindingStatus::Skipped => "skipped: ",
    }
}
