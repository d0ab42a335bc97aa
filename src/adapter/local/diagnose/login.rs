//! The login: let in, or refused, by whom and why. Tells refusals apart by
//! code and by the server's own routine, never by words.

use std::{error::Error, time::Duration};

use tokio::time::timeout_at;

use crate::{
    adapter::{
        classify::ServerWords,
        local::{
            diagnose::{
                asking::{Said, Wrapped, ask},
                examine::Limits,
                tls::Offer,
                way::Seen,
            },
            session::Session,
            target::Target,
        },
    },
    config::SslMode,
    domain::{DbError, ErrorKind, Exam, Finding, clean},
};

/// Which part of the server refused, where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// `pg_hba.conf` has no line for this client, or one that rejects it.
    HostBased,
    /// The password or another proof was not accepted.
    Proof,
    /// The role does not exist or may not log in.
    Role,
    /// The role has as many sessions as it may.
    RoleLimit,
    /// The database has as many sessions as it may.
    DatabaseLimit,
    /// What is left is kept for superusers.
    Reserved,
    /// The server has no slot left.
    ServerLimit,
    /// Nothing more is known than the kind says.
    Other,
}

/// The role is let in.
pub(super) fn let_in(target: &Target, session: &Session, took: Option<Duration>) -> Finding {
    let role = clean(&target.section().user).into_owned();
    let protected = if session.is_encrypted() {
        "over TLS"
    } else {
        "in plain text"
    };
    let mut finding = Finding::ok(Exam::Login, format!("{role} is let in, {protected}"));
    finding.fact("role", role);
    finding.fact("encrypted", session.is_encrypted());
    finding.took = took;
    finding
}

/// The role was let in, and then refused for the database or its rights.
pub(super) fn let_in_before(target: &Target) -> Finding {
    let role = clean(&target.section().user).into_owned();
    let mut finding = Finding::ok(Exam::Login, format!("{role} is let in, and refused later"));
    finding.fact("role", role);
    finding
}

/// The role is refused: by whom, how it could get in, and what was asked for.
pub(super) async fn refused(
    target: &Target,
    error: &DbError,
    seen: &Seen,
    limits: Limits,
) -> Finding {
    let refusal = Refusal::of(error);
    let mut finding = Finding::failed(Exam::Login, error.clone());
    finding.fact("role", clean(&target.section().user).into_owned());
    finding.fact("refusedBy", refusal.name());
    if let Some(words) = refusal.words() {
        finding.note(words);
    }
    finding.next = refusal.next_step().map(str::to_owned);
    if is_unanswered(error, seen.offer) {
        finding.note(
            "the question for TLS was answered and the login was not: a server that hangs, \
             or a pooler that waits for its own server",
        );
        finding.next = Some(
            "if a pooler stands there, look at the server behind it; else at the server's load"
                .to_owned(),
        );
    }
    let worth_asking = matches!(refusal, Refusal::HostBased | Refusal::Proof);
    let Some(address) = seen.address.filter(|_| worth_asking) else {
        return finding;
    };
    let used = wrapping_in_use(target, seen.offer);
    let other = match used {
        Wrapped::Plain => Wrapped::Tls,
        Wrapped::Tls => Wrapped::Plain,
    };
    let wrapped = if refusal == Refusal::HostBased {
        other
    } else {
        used
    };
    let asked = timeout_at(limits.last(), ask(target, address, wrapped)).await;
    let Ok(Some(said)) = asked else {
        return finding;
    };
    match (said, refusal) {
        (Said::Method(method), Refusal::HostBased) => {
            let (mode, how) = match other {
                Wrapped::Tls => ("require", "over TLS"),
                Wrapped::Plain => ("disable", "in plain text"),
            };
            finding.note(format!("{how} pg_hba.conf takes this client ({method})"));
            finding.next = Some(format!(
                "set sslmode={mode}: {how} pg_hba.conf takes this client"
            ));
        }
        (Said::Method(method), _) => {
            finding.note(format!("the server asks for: {method}"));
            finding.fact("method", method);
        }
        (Said::Refused, _) => {}
    }
    finding
}

/// Somebody is there and speaks, and leaves the login unanswered.
fn is_unanswered(error: &DbError, offer: Offer) -> bool {
    matches!(error.kind(), ErrorKind::Timeout { .. }) && offer != Offer::Unknown
}

/// How the refused login was protected.
fn wrapping_in_use(target: &Target, offer: Offer) -> Wrapped {
    match (target.tls_mode(), offer) {
        (SslMode::Disable, _) | (_, Offer::None | Offer::Unknown) => Wrapped::Plain,
        (_, Offer::Offered) => Wrapped::Tls,
    }
}

// === impl Refusal ===

impl Refusal {
    fn of(error: &DbError) -> Self {
        let words = error
            .source()
            .and_then(|source| source.downcast_ref::<ServerWords>());
        let routine = words.and_then(ServerWords::routine);
        Self::by_routine(error.kind(), error.code(), routine)
    }

    /// The names of the server's functions are the same in every language, and
    /// have been for many versions; an unknown one leaves it at the kind.
    fn by_routine(kind: ErrorKind, code: Option<&str>, routine: Option<&str>) -> Self {
        match (kind, routine) {
            (ErrorKind::AuthFailed, _) | (ErrorKind::LoginRefused, Some("auth_failed")) => {
                Self::Proof
            }
            (ErrorKind::LoginRefused, Some("ClientAuthentication")) => Self::HostBased,
            (ErrorKind::LoginRefused, Some("InitializeSessionUserId")) => Self::Role,
            (ErrorKind::TooManyConnections, Some("InitializeSessionUserId")) => Self::RoleLimit,
            (ErrorKind::TooManyConnections, Some("CheckMyDatabase")) => Self::DatabaseLimit,
            (ErrorKind::TooManyConnections, Some("InitPostgres")) => Self::Reserved,
            (ErrorKind::TooManyConnections, _) if code == Some("53300") => Self::ServerLimit,
            _ => Self::Other,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::HostBased => "pg_hba.conf",
            Self::Proof => "authentication",
            Self::Role => "role",
            Self::RoleLimit => "connection limit of the role",
            Self::DatabaseLimit => "connection limit of the database",
            Self::Reserved => "slots reserved for superusers",
            Self::ServerLimit => "max_connections",
            Self::Other => "unknown",
        }
    }

    const fn words(self) -> Option<&'static str> {
        match self {
            Self::HostBased => Some(
                "refused by pg_hba.conf: it has no line for this client, role and database, or one that rejects them",
            ),
            Self::Proof => Some(
                "the password is wrong or has expired (VALID UNTIL), or there is no such role: a server does not tell which",
            ),
            Self::Role => Some("the role does not exist, or may not log in (NOLOGIN)"),
            Self::RoleLimit => Some("the role has as many connections as it may"),
            Self::DatabaseLimit => Some("the database has as many connections as it may"),
            Self::Reserved => Some("the slots that are left are reserved for superusers"),
            Self::ServerLimit => Some("all slots of the server are used"),
            Self::Other => None,
        }
    }

    const fn next_step(self) -> Option<&'static str> {
        match self {
            Self::HostBased => Some(
                "add a line for this client, role and database to pg_hba.conf, and reload the server",
            ),
            Self::Role => Some("create the role, or alter role … login"),
            Self::RoleLimit => Some("end sessions of this role, or alter role … connection limit"),
            Self::DatabaseLimit => {
                Some("end sessions in this database, or alter database … connection limit")
            }
            Self::Proof | Self::Reserved | Self::ServerLimit | Self::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: ErrorKind, routine: &str, refusal: Refusal) {
        let found = Refusal::by_routine(kind, Some("53300"), Some(routine));
        assert_eq!(found, refusal);
    }

    #[test]
    fn refusals_are_told_apart_without_reading_words() {
        let refused = ErrorKind::LoginRefused;
        check(refused, "ClientAuthentication", Refusal::HostBased);
        check(refused, "auth_failed", Refusal::Proof);
        check(refused, "InitializeSessionUserId", Refusal::Role);
        check(refused, "something_new", Refusal::Other);
        check(ErrorKind::AuthFailed, "auth_failed", Refusal::Proof);
        let many = ErrorKind::TooManyConnections;
        check(many, "InitializeSessionUserId", Refusal::RoleLimit);
        check(many, "CheckMyDatabase", Refusal::DatabaseLimit);
        check(many, "InitPostgres", Refusal::Reserved);
        check(many, "ProcessStartupPacket", Refusal::ServerLimit);
    }
}
