//! Whether somebody stands between this program and the server: by what is
//! odd about the session, and by the address. Knows no pooler's protocol.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::{diagnose::columns::column, target::Target},
    },
    config::Endpoint,
    domain::{Exam, Finding, PoolMode},
};

/// The usual port of `PgBouncer`.
const PGBOUNCER: u16 = 6432;
/// The port of Supabase's pooler in transaction mode.
const SUPAVISOR: u16 = 6543;
/// The names of Supabase's pooler end like this.
const SUPAVISOR_HOST: &str = ".pooler.supabase.com";

/// What a statement saw of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// The process that served it.
    pid: i64,
    /// The deadline in force, in ms.
    statement_timeout_ms: Option<i64>,
    /// Whether the server sees TLS.
    tls: Option<bool>,
}

impl Seen {
    pub(super) fn of(row: &Row) -> DbResult<Self> {
        Ok(Self {
            pid: column(row, 0)?,
            statement_timeout_ms: column(row, 1)?,
            tls: column(row, 2)?,
        })
    }
}

/// What two sessions showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// When the pooler hands sessions around; absent where there is none.
    pub(super) mode: Option<PoolMode>,
    /// The session's key names another process than the one that serves it.
    pub(super) names_another: bool,
}

/// What speaks for a pooler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each sign is there or not, whatever the others are"
)]
struct Signs {
    mode: Option<PoolMode>,
    names_another: bool,
    /// Statements of one session were served by different processes.
    changes_process: bool,
    /// The login was refused for session options, and not without them.
    refuses_options: bool,
    /// Session options were taken and are not in force.
    drops_options: bool,
    /// Our side is encrypted and the server's is not.
    ends_tls: bool,
    port: Option<u16>,
    is_supavisor_host: bool,
}

pub(super) fn found(target: &Target, way: Way, seen: &[Seen], is_encrypted: bool) -> Finding {
    let (host, port) = match &target.section().endpoint {
        Endpoint::Tcp { host, port, .. } => (host.as_str(), Some(*port)),
        Endpoint::Unix { port, .. } => ("", Some(*port)),
    };
    let wanted = target.probe_deadline_ms();
    let is_other = |seen: &Seen| {
        let in_force = seen.statement_timeout_ms;
        in_force
            .zip(wanted)
            .is_some_and(|(is, wanted)| is != wanted)
    };
    let signs = Signs {
        mode: way.mode,
        names_another: way.names_another,
        changes_process: seen.windows(2).any(|pair| pair[0].pid != pair[1].pid),
        refuses_options: wanted.is_none(),
        drops_options: seen.iter().any(is_other),
        ends_tls: is_encrypted && seen.iter().any(|seen| seen.tls == Some(false)),
        port,
        is_supavisor_host: host.ends_with(SUPAVISOR_HOST),
    };
    let mut finding = signs.told();
    let mode = signs.mode();
    finding.fact("mode", mode.map_or("none", PoolMode::as_str));
    finding.fact("namesAnotherProcess", signs.names_another);
    finding.fact("changesProcess", signs.changes_process);
    finding.fact("refusesSessionOptions", signs.refuses_options);
    finding.fact("dropsSessionOptions", signs.drops_options);
    finding.fact("endsTls", signs.ends_tls);
    finding
}

impl Signs {
    /// As two sessions showed it; a process that changed later says the same.
    fn mode(self) -> Option<PoolMode> {
        match self.mode {
            Some(PoolMode::Statement) => Some(PoolMode::Statement),
            _ if self.changes_process => Some(PoolMode::Transaction),
            mode => mode,
        }
    }

    /// The signs in words; what its address alone says comes last.
    fn reasons(self) -> Vec<&'static str> {
        let signs = [
            (
                self.names_another,
                "the session's key names no process of the server",
            ),
            (
                self.changes_process,
                "statements are served by different processes",
            ),
            (self.refuses_options, "session options are refused"),
            (self.drops_options, "session options are not in force"),
            (self.ends_tls, "the server sees no TLS although we use it"),
            (self.is_supavisor_host, "the host is Supabase's pooler"),
            (
                self.port == Some(SUPAVISOR),
                "port 6543 is Supavisor's in transaction mode",
            ),
            (self.port == Some(PGBOUNCER), "port 6432 is PgBouncer's"),
        ];
        let there = signs.into_iter().filter(|(is_there, _)| *is_there);
        there.map(|(_, words)| words).collect()
    }

    fn told(self) -> Finding {
        let reasons = self.reasons();
        if reasons.is_empty() {
            return Finding::ok(Exam::Pooler, "none is seen");
        }
        let name = match (self.is_supavisor_host, self.port) {
            (true, _) | (false, Some(SUPAVISOR)) => "Supavisor",
            (false, Some(PGBOUNCER)) => "PgBouncer",
            (false, _) => "a pooler or proxy",
        };
        let mode = self.mode();
        let is_sure = mode.is_some() || self.drops_options || self.ends_tls;
        let sure = if is_sure || self.is_supavisor_host {
            ""
        } else {
            "perhaps "
        };
        let in_mode = match mode {
            None => String::new(),
            Some(PoolMode::Unknown) => format!(", {}", PoolMode::Unknown.as_str()),
            Some(mode) => format!(", in {}", mode.as_str()),
        };
        let words = format!("{sure}{name}{in_mode}: {}", reasons.join("; "));
        let Some(mode) = mode else {
            return Finding::ok(Exam::Pooler, words);
        };
        let mut finding = match mode {
            PoolMode::Statement => Finding::warning(Exam::Pooler, words),
            PoolMode::Transaction | PoolMode::Session | PoolMode::Unknown => {
                Finding::ok(Exam::Pooler, words)
            }
        };
        let lacks = mode.does_not_work();
        if let Some(next) = mode.next_step() {
            let may = match mode {
                PoolMode::Unknown => "may not work",
                PoolMode::Session | PoolMode::Transaction | PoolMode::Statement => "do not work",
            };
            finding.note(format!("these {may} there: {}", lacks.join(", ")));
            finding.note(next);
            finding.next = Some(next.to_owned());
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FindingStatus;

    #[track_caller]
    fn check(signs: Signs, beginning: &str) {
        let finding = signs.told();
        assert!(finding.summary.starts_with(beginning), "{finding:?}");
    }

    #[test]
    fn a_pooler_is_named_as_surely_as_it_is_known() {
        let none = Signs {
            port: Some(5432),
            ..Signs::default()
        };
        check(none, "none is seen");
        let by_port = |port| Signs {
            port: Some(port),
            ..none
        };
        check(by_port(PGBOUNCER), "perhaps PgBouncer: port 6432");
        check(by_port(SUPAVISOR), "perhaps Supavisor: port 6543");
        let refuses_options = Signs {
            mode: Some(PoolMode::Session),
            refuses_options: true,
            ..by_port(PGBOUNCER)
        };
        check(
            refuses_options,
            "PgBouncer, in session mode: session options are refused",
        );
        let changes_process = Signs {
            mode: Some(PoolMode::Session),
            names_another: true,
            changes_process: true,
            ..none
        };
        check(changes_process, "a pooler or proxy, in transaction mode:");
        let drops_options = Signs {
            drops_options: true,
            ..none
        };
        check(
            drops_options,
            "a pooler or proxy: session options are not in force",
        );
        let is_supavisor_host = Signs {
            is_supavisor_host: true,
            ..none
        };
        check(
            is_supavisor_host,
            "Supavisor: the host is Supabase's pooler",
        );
    }

    #[test]
    fn what_does_not_work_is_said_with_the_next_step() {
        let in_mode = |mode| {
            let signs = Signs {
                mode: Some(mode),
                names_another: true,
                ..Signs::default()
            };
            signs.told()
        };
        assert!(in_mode(PoolMode::Session).notes.is_empty());
        let transaction = in_mode(PoolMode::Transaction);
        assert_eq!(transaction.status, FindingStatus::Ok);
        assert!(transaction.notes[0].contains("LISTEN"));
        let statement = in_mode(PoolMode::Statement);
        assert_eq!(statement.status, FindingStatus::Warning);
        assert!(statement.notes[0].contains("transactions"));
        assert!(statement.next.unwrap().contains("5432"));
    }
}
