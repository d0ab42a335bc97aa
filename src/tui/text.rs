//! All fixed sentences of the screen. Knows no styles; numbers and durations
//! come in words already.

use std::borrow::Cow;

use ratatui::layout::Size;

use crate::{
    backend::NotTaken,
    domain::{
        AlternativeKind, Command, ConnectionStatus, Lane, Mode, Rehearsed, TransportSecurity,
    },
};

/// Words that may or may not have been made for the occasion.
pub(super) type Words = Cow<'static, str>;

pub(super) const BACKEND_ENDED: &str = "backend ended — restart dbvitals";
pub(super) const LAST_KNOWN: &str = "nothing below is watched any more: it was true at";
pub(super) const WAS: &str = "was";
pub(super) const MOCK: &str = "MOCK";
pub(super) const REHEARSAL: &str = "REHEARSAL";
pub(super) const MOCK_WARNING: &str =
    "an embedded database in memory is watched: nothing is persisted";
pub(super) const WARNING: &str = "WARNING";
pub(super) const READ_ONLY: &str = "read-only";
pub(super) const NOT_CHECKED: &str = "first check under way";
pub(super) const CHECKING: &str = "checking now…";
pub(super) const CHECK_DUE: &str = "next check due";
pub(super) const TRYING: &str = "trying";
pub(super) const NEXT_IN: &str = "next in";
pub(super) const NEXT_TRY_DUE: &str = "next now";
pub(super) const PAUSED: &str = "retries paused by you — r resumes";
pub(super) const PAUSED_SHORT: &str = "paused by you";
pub(super) const DISCONNECTED: &str = "nothing is tried — r connects";
pub(super) const CONNECTING: &str = "connecting";
pub(super) const LAST_CHECK_FAILED: &str = "last check FAILED:";
pub(super) const NO_GOOD_CHECK: &str = "no good check yet";
pub(super) const GOOD_CHECK: &str = "good check";
pub(super) const LAST_ANSWER: &str = "last good answer";
pub(super) const FROZEN: &str = "FROZEN since";
pub(super) const LOST_SINCE: &str = "CONNECTION LOST SINCE THEN";
pub(super) const THAW: &str = "f to go on";
pub(super) const CANNOT_SUSPEND: &str = "not suspended: no shell here could bring it back";
pub(super) const SLOW_LANE: &str = "slow lane";
pub(super) const SLOW_SHORT: &str = "slow";

pub(super) const NO_CHECKS: &str = "no health check yet";
pub(super) const NO_OPERATIONS: &str = "nothing was asked of the database yet";
pub(super) const NO_ERRORS: &str = "no errors";
pub(super) const NO_SAMPLES: &str = "no latency measured yet";
pub(super) const COLUMN_PER_SAMPLE: &str = "by sample";
pub(super) const COLUMN_PER_BUCKET: &str = "by 5 s";
pub(super) const MORE_BELOW: &str = "more below";

pub(super) const DIAGNOSIS_ASKED: &str = "asked for; nothing has been found yet";
pub(super) const DIAGNOSIS_WAITS: &str = "not known yet";

/// That a diagnosis goes on, and how far it is.
pub(super) fn diagnosis_goes_on(began: &str, found: usize, all: usize) -> String {
    format!("examining since {began}: {found} of {all} known")
}

/// When a diagnosis was made.
pub(super) fn diagnosis_ended(began: &str, took: &str) -> String {
    format!("examined at {began}, in {took}; D examines again, Esc closes")
}

pub(super) const MIGRATIONS_ASKED: &str = "asked how the migrations stand; not known yet";
pub(super) const MIGRATIONS_UNKNOWN: &str = "how the migrations stand cannot be read";
pub(super) const MIGRATIONS_READ_ONLY: &str =
    "nothing is applied from here: read_only is set (read_only = false allows it)";
pub(super) const MIGRATIONS_UNWRITABLE: &str = "nothing can be applied here";
pub(super) const MIGRATIONS_DENIED: &str = "the role lacks a right to apply what is pending";
pub(super) const MIGRATIONS_REFUSED: &str = "nothing is applied to this database as it is";
pub(super) const MIGRATION_RUNS: &str = "a migration is under way";
/// Where the way to what is missing is the key alone.
pub(super) const M_DOES_IT: &str = "M applies what is pending";
pub(super) const NOTHING_PENDING: &str = "nothing is pending";
pub(super) const U_APPLIES: &str = "u applies them, after asking";
pub(super) const A_ADOPTS_AGAIN: &str =
    "change the tables so that they match; a compares them again";
pub(super) const A_ADOPTS: &str =
    "a compares these tables with ours and records what matches, after asking";
pub(super) const APPLY_PENDING: &str = "Apply what is pending";
pub(super) const ADOPT: &str = "Compare the tables with ours and record what matches";
pub(super) const ANOTHER_NAME: &str = "that is not the target's name";
pub(super) const ANOTHER_RUN: &str = "another run";
pub(super) const APPLIED: &str = "applied";
pub(super) const NO_TIME: &str = "at an unknown time";
pub(super) const APPLIED_NOW: &str = "applied now, in";
pub(super) const PENDING: &str = "pending";
pub(super) const RUNNING: &str = "being applied for";
pub(super) const ROLLED_BACK: &str = "ROLLED BACK: nothing of it holds";
pub(super) const LEFT: &str = "BROKEN OFF: not known whether it holds";
pub(super) const AT_FAULT: &str = "PROBLEM";
pub(super) const LEAVING: &str =
    "a migration is under way: q again quits, and the file being applied is rolled back";

/// Where in a database tables and ledger are.
pub(super) fn places(schema: &str, ledger: &str) -> String {
    match schema {
        "" => format!(", ledger {ledger}"),
        schema => format!(", tables in schema {schema}, ledger {ledger}"),
    }
}

/// When the migrations were looked at.
pub(super) fn looked(at: &str, age: &str) -> String {
    format!("looked at {at}, {age} ago")
}

/// The keys of the migrations that are no offer.
pub(super) const LOOK_AGAIN: &str = "; M looks again, Esc closes";

/// That all files are applied.
pub(super) fn all_applied(count: usize) -> String {
    format!("all {count} files are applied")
}

/// How many files are applied and pending.
pub(super) fn pending(applied: usize, pending: usize) -> String {
    let all = applied + pending;
    let verb = if pending == 1 { "is" } else { "are" };
    format!("{pending} of {all} files {verb} pending")
}

/// What would be applied.
pub(super) fn apply_files(count: usize) -> String {
    match count {
        1 => "Apply 1 file".to_owned(),
        _ => format!("Apply {count} files"),
    }
}

/// A question that a key answers.
pub(super) fn confirm_by_key(what: &str, target: &str) -> String {
    format!("{what}? Target: {target}. y does it, Esc leaves it")
}

/// A question that the target's name answers.
pub(super) fn confirm_by_name(what: &str, target: &str) -> String {
    format!("{what}? This is PRODUCTION: type {target} and press Enter; Esc leaves it")
}

/// That a run goes on.
pub(super) fn runs(began: &str) -> String {
    format!("applying since {began}; quitting rolls back the file under way")
}

/// That a run waits for the lock of another one.
pub(super) fn waits_for(began: &str, holder: &str) -> String {
    format!("waiting since {began} for the lock that {holder} holds")
}

/// How a run ended well.
pub(super) fn run_ended(began: &str, outcome: &str, took: &str) -> String {
    format!("run of {began}: {outcome}, in {took}")
}

/// A next step that a key leads to, too.
pub(super) fn m_or(step: &str) -> Words {
    format!("M; {step}").into()
}

/// That migrations were to be applied and were not, and where that is told.
pub(super) fn run_refused(kind: &str, at: &str) -> String {
    format!("{kind} at {at}: M tells why")
}

/// That a run failed.
pub(super) fn run_failed(began: &str) -> String {
    format!("run of {began} FAILED")
}

/// Files that were pending and that another run applied.
pub(super) fn applied_by_others(count: usize) -> String {
    let verb = if count == 1 { "was" } else { "were" };
    format!("{count} of the pending files {verb} applied by another run")
}

/// Differences that are not told here.
pub(super) fn more_differences(count: usize) -> String {
    let noun = if count == 1 {
        "difference"
    } else {
        "differences"
    };
    format!("{count} more {noun}: 'dbvitals migrate adopt' tells them")
}

/// What a command that is being carried out says, unless what it opens says it.
pub(super) fn begun(command: Command) -> Option<Words> {
    Some(match command {
        Command::Reconnect => "reconnect: trying now".into(),
        Command::Disconnect => "disconnect: under way — r connects again".into(),
        Command::CheckNow => "check now: asked".into(),
        Command::Diagnose => "diagnose: under way".into(),
        Command::ApplyConfig(_) => "configuration: applied".into(),
        // The new header says the one, what is opened says the other.
        Command::Switch(_)
        | Command::List(_)
        | Command::ReadConfig
        | Command::LookAtMigrations
        | Command::Migrate(_)
        | Command::Adopt(_) => return None,
    })
}

/// How a check ended that was asked for.
pub(super) fn check_done(took: &str, health: &str) -> Words {
    format!("check now: {took}, {health}").into()
}

/// Why a check failed that was asked for.
pub(super) fn check_failed(why: &str) -> Words {
    format!("check now: failed: {why}").into()
}

/// What a command says that there is no need for.
pub(super) fn needless(command: Command, reason: &str) -> Words {
    format!("{}: {reason}", command.as_str()).into()
}

/// What a command says that was not taken.
pub(super) fn refused(command: Command, why: NotTaken) -> Words {
    format!("{} not sent: {why}", command.as_str()).into()
}

/// Events that were missed.
pub(super) fn missed(count: u64) -> Words {
    match count {
        1 => "1 event missed".into(),
        _ => format!("{count} events missed").into(),
    }
}

/// Rows that were dropped from a list.
pub(super) fn dropped(count: u64) -> Words {
    format!("{count} older dropped").into()
}

/// How the next try is counted, or in which lane it is; nothing when there is none.
pub(super) fn lane(lane: Lane) -> Option<Words> {
    match lane {
        Lane::Quick { retry, of } => Some(format!("try {retry} of {of}").into()),
        Lane::Slow => Some(SLOW_LANE.into()),
        Lane::Paused => None,
    }
}

/// What went by while the panes were frozen.
pub(super) fn went_by(failures: u64, changes: u64) -> Words {
    let count = |count: u64, one: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {one}s"),
    };
    let (failures, changes) = (count(failures, "failure"), count(changes, "change"));
    format!("missed: {failures}, {changes}").into()
}

/// That the frozen panes show another status than the present one.
pub(super) fn now_is(status: ConnectionStatus) -> Words {
    format!("now {status}").into()
}

/// That lines are missing for want of room.
pub(super) fn more_lines(count: usize) -> Words {
    match count {
        1 => "+1 line, enlarge the window".into(),
        _ => format!("+{count} lines, enlarge the window").into(),
    }
}

/// That the window has no room for panes, and how large it would have to be.
pub(super) fn too_small(size: Size, needed: Size) -> String {
    format!("too small: {size}, needs {needed}")
}

/// How many attempts failed.
pub(super) fn failed_tries(count: u32) -> Words {
    match count {
        0 => "no try yet".into(),
        1 => "1 try failed".into(),
        _ => format!("{count} tries failed").into(),
    }
}

/// That the times on the screen are not those of the machine's clock any more.
pub(super) fn set_back(length: &str) -> Words {
    format!("this machine's clock was set back by {length}: the times here go on as before").into()
}

/// That there were outages, the newest with its length, begin and cause.
pub(super) fn was_down(count: usize, length: &str, began: &str, cause: &str) -> String {
    let last = format!("{length} at {began}{cause}");
    match count {
        0 | 1 => format!("was down {last}"),
        _ => format!("{count} outages in 15 min, last {last}"),
    }
}

/// The age of what is still shown.
pub(super) fn as_of(age: &str) -> String {
    format!("as of {age} ago")
}

/// What is rehearsed, what that means, and what comes next; `left` is the time
/// until then, `None` when it is due.
pub(super) fn rehearsal(rehearsed: &Rehearsed, left: Option<&str>) -> String {
    let now = format!("{REHEARSAL} {rehearsed} ({})", rehearsed.meaning());
    let Some((_, next)) = rehearsed.next else {
        return now;
    };
    match left {
        Some(left) => format!("{now}, {} in {left}", next.as_str()),
        None => format!("{now}, {} now", next.as_str()),
    }
}

/// What protects the way there, as configured.
pub(super) const fn security(security: TransportSecurity) -> &'static str {
    match security {
        TransportSecurity::ThisMachine => "this machine",
        TransportSecurity::Verified => "TLS verified",
        TransportSecurity::Encrypted => "TLS unverified",
        TransportSecurity::Opportunistic => "TLS if offered",
        TransportSecurity::Plain => "PLAIN TEXT",
    }
}

/// A sentence for a mode that needs one on the screen at all times.
pub(super) const fn mode_banner(mode: Mode) -> Option<&'static str> {
    match mode {
        Mode::Mock => Some(MOCK_WARNING),
        Mode::Local | Mode::Supabase => None,
    }
}

pub(super) const CONFIG_ASKED: &str = "reading the configuration…";
pub(super) const CONFIG_NOT_VALID: &str = "the configuration is not valid: nothing changes";
pub(super) const NOTHING_CHANGED: &str = "nothing has changed";
pub(super) const NO_FILE: &str = "no configuration file was in use";
pub(super) const NONE: &str = "none";
pub(super) const TAKES_CONNECTION: &str = "  (new connection)";
pub(super) const TAKES_START: &str = "  (at the next start)";
pub(super) const PRODUCTION: &str = "PRODUCTION";

/// That a configuration would be applied to what runs.
pub(super) fn apply_running(count: usize) -> String {
    let changes = changes(count);
    format!("Apply {changes}? The connection stays. y does it, Esc leaves it")
}

/// That a configuration would be applied, and what would be connected to.
pub(super) fn apply_anew(count: usize, target: &str) -> String {
    let changes = changes(count);
    format!("Apply {changes}? A new connection to {target} begins. y does it, Esc leaves it")
}

fn changes(count: usize) -> String {
    match count {
        1 => "1 change".to_owned(),
        _ => format!("{count} changes"),
    }
}

/// When a configuration was read, and which file is in use.
pub(super) fn config_read(at: &str, file: &str) -> String {
    format!("read at {at} (in use: {file}); R reads again, Esc closes")
}

/// What nobody may overlook where a database is in production.
pub(super) fn production(label: &str, is_read_only: bool) -> String {
    let label = label.to_uppercase();
    if is_read_only {
        return format!("{label} — read-only: nothing is written from here");
    }
    format!("{label} — every write here asks for the target's name")
}

/// Why this mode; and when somebody has chosen it, or the profile.
pub(super) fn mode_reason(reason: &str, chosen: Option<(AlternativeKind, &str)>) -> String {
    match chosen {
        None => reason.to_owned(),
        Some((AlternativeKind::Mode, at)) => format!("Mode chosen by you at {at}."),
        Some((AlternativeKind::Profile, at)) => format!("Profile chosen by you at {at}. {reason}"),
    }
}

/// Before a line of the log that belongs to what was watched before.
pub(super) fn former(target: &str) -> String {
    format!("[{target}] ")
}

/// The signs that the help explains, by their words.
pub(super) const SIGNS: &str = "Signs";
pub(super) const KEYS: &str = "Keys";

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::domain::{Condition, Scenario};

    const SLOWEST: Condition = Condition::Slow {
        by: Duration::from_mins(1),
    };

    const CONDITIONS: [Condition; 8] = [
        Condition::Calm,
        Condition::Refuse,
        Condition::Lose,
        Condition::Hang,
        Condition::Auth,
        Condition::Schema,
        SLOWEST,
        Condition::Full,
    ];

    #[test]
    fn every_step_of_every_rehearsal_is_one_line_of_80_columns() {
        let scenarios = Scenario::ALL.into_iter().map(Some).chain([None]);
        for scenario in scenarios {
            for condition in CONDITIONS {
                for next in CONDITIONS {
                    let rehearsed = Rehearsed {
                        scenario,
                        condition,
                        next: Some((DateTime::UNIX_EPOCH, next)),
                    };
                    let words = rehearsal(&rehearsed, Some("23 h 59 min"));
                    assert!(words.width() <= 78, "{} columns: {words}", words.width());
                }
            }
        }
    }
}
