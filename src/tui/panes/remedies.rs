//! What can be done about what the lamps show, beside them: the next steps, and
//! what became of migrations that were to be applied. Knows no columns.

use chrono::{DateTime, Utc};
use ratatui::text::Span;

use crate::{
    domain::{DbError, DegradedReason, LedgerStanding, MigrationEnd, Mode, Snapshot, clean},
    tui::{data::Data, text, view::Look, widgets::Fact},
};

/// The next step of each reason that has one, once, and a run that failed.
pub(super) fn facts(data: &Data, look: &Look) -> Vec<Fact> {
    if !data.is_connected() {
        return Vec::new();
    }
    let (snapshot, theme) = (&*data.snapshot, &look.theme);
    let mut facts = Vec::new();
    if let Some((at, error)) = failed_run(snapshot) {
        let at = data.moment.local(at);
        let words = text::run_refused(error.kind().name(), &at);
        let words = format!("{} {words}", look.glyphs.failed);
        facts.push(Fact::new("migrate", vec![Span::styled(words, theme.bad)]));
    }
    for step in steps(snapshot) {
        let words = format!("{} {step}", look.glyphs.next_step);
        facts.push(Fact::new("next", vec![Span::styled(words, theme.accent)]));
    }
    facts
}

/// Why the newest run failed, in full.
pub(super) fn refusal(data: &Data) -> Option<String> {
    let (_, error) = failed_run(&data.snapshot).filter(|_| data.is_connected())?;
    Some(clean(&error.message()).into_owned())
}

/// What is to be done, in the words of `check`; here a key does it, too.
fn steps(snapshot: &Snapshot) -> Vec<text::Words> {
    let reasons = snapshot.verdict.reasons.iter();
    let mut steps: Vec<text::Words> = Vec::new();
    for reason in reasons {
        let Some(step) = reason.next_step() else {
            continue;
        };
        let step = match snapshot.session.target.mode {
            _ if !is_about_migrations(reason) => step.into(),
            // No other program can reach this database.
            Mode::Mock => text::M_DOES_IT.into(),
            Mode::Local | Mode::Supabase => text::m_or(step),
        };
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    steps
}

/// When the newest run failed, and why, unless all is applied by now.
fn failed_run(snapshot: &Snapshot) -> Option<(DateTime<Utc>, &DbError)> {
    let ended: &MigrationEnd = snapshot.migration.as_ref()?.ended()?;
    let (at, Err(error)) = ended else { return None };
    let good = snapshot.last_good.as_ref();
    let told = good.and_then(|good| good.details()?.migrations.as_ref());
    let is_done =
        told.is_some_and(|told| told.ledger == LedgerStanding::Ours && told.pending == Some(0));
    (!is_done).then_some((*at, &**error))
}

/// Whether migrations are what is missing.
pub(in crate::tui) fn is_about_migrations(reason: &DegradedReason) -> bool {
    matches!(
        reason,
        DegradedReason::SchemaMissing { .. }
            | DegradedReason::MigrationsPending { .. }
            | DegradedReason::LedgerFault { .. }
    )
}
