//! Whether somebody stands between this program and the server: by what is
//! odd about the session, and by the address. Knows no pooler's protocol.

use tokio_postgres::Row;

use crate::{
    adapter::{
        DbResult,
        local::{diagnose::columns::column, target::Target},
    },
    config::Endpoint,
    domain::{Exam, Finding},
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

/// What speaks for a pooler.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each sign is there or not, whatever the others are"
)]
struct Signs {
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

pub(super) fn found(target: &Target, seen: &[Seen], is_encrypted: bool) -> Finding {
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
        changes_process: seen.windows(2).any(|pair| pair[0].pid != pair[1].pid),
        refuses_options: wanted.is_none(),
        drops_options: seen.iter().any(is_other),
        ends_tls: is_encrypted && seen.iter().any(|seen| seen.tls == Some(false)),
        port,
        is_supavisor_host: host.ends_with(SUPAVISOR_HOST),
    };
    let mut finding = signs.told();
    finding.fact("changesProcess", signs.changes_process);
    finding.fact("refusesSessionOptions", signs.refuses_options);
    finding.fact("dropsSessionOptions", signs.drops_options);
    finding.fact("endsTls", signs.ends_tls);
    finding
}

impl Signs {
    fn told(self) -> Finding {
        let mut reasons = Vec::new();
        let mut sign = |is_there: bool, words: &'static str| {
            if is_there {
                reasons.push(words);
            }
        };
        sign(
            self.changes_process,
            "statements are served by different processes",
        );
        sign(self.refuses_options, "session options are refused");
        sign(self.drops_options, "session options are not in force");
        sign(self.ends_tls, "the server sees no TLS although we use it");
        let by_port = match self.port {
            Some(SUPAVISOR) => Some("port 6543 is Supavisor's in transaction mode"),
            Some(PGBOUNCER) => Some("port 6432 is PgBouncer's"),
            _ => None,
        };
        let is_sure = !reasons.is_empty() || self.is_supavisor_host;
        reasons.extend(
            self.is_supavisor_host
                .then_some("the host is Supabase's pooler"),
        );
        reasons.extend(by_port);
        if reasons.is_empty() {
            return Finding::ok(Exam::Pooler, "none is seen");
        }
        let name = match (self.is_supavisor_host, self.port) {
            (true, _) | (false, Some(SUPAVISOR)) => "Supavisor",
            (false, Some(PGBOUNCER)) => "PgBouncer",
            (false, _) => "a pooler or proxy",
        };
        let in_transactions = self.changes_process || self.port == Some(SUPAVISOR);
        let mode = if in_transactions {
            ", in transaction mode"
        } else {
            ""
        };
        let sure = if is_sure { "" } else { "perhaps " };
        let words = format!("{sure}{name}{mode}: {}", reasons.join("; "));
        let mut finding = Finding::ok(Exam::Pooler, words);
        if in_transactions {
            finding.note("in transaction mode session settings and locks do not hold");
        }
        finding
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        check(by_port(SUPAVISOR), "perhaps Supavisor, in transaction mode");
        let refuses_options = Signs {
            refuses_options: true,
            ..by_port(PGBOUNCER)
        };
        check(refuses_options, "PgBouncer: session options are refused");
        let changes_process = Signs {
            changes_process: true,
            ..none
        };
        check(changes_process, "a pooler or proxy, in transaction mode:");
        let is_supavisor_host = Signs {
            is_supavisor_host: true,
            ..none
        };
        check(
            is_supavisor_host,
            "Supavisor: the host is Supabase's pooler",
        );
    }
}
