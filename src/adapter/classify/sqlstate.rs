//! The one table from SQLSTATE to error kind, shared by every adapter that
//! talks to PostgreSQL. Knows codes only; texts are in the server's language.

use crate::domain::ErrorKind;

/// The kind of a server's error: by its code, else by the code's class.
pub(in crate::adapter) fn kind_of_sqlstate(code: &str) -> ErrorKind {
    by_code(code)
        .or_else(|| by_class(code))
        .unwrap_or(ErrorKind::Unknown)
}

fn by_code(code: &str) -> Option<ErrorKind> {
    Some(match code {
        "08P01" => ErrorKind::ProtocolViolation,
        "25006" => ErrorKind::ReadOnly,
        "28P01" => ErrorKind::AuthFailed,
        "3D000" => ErrorKind::DatabaseMissing,
        "42P01" | "3F000" => ErrorKind::SchemaMissing,
        "42501" => ErrorKind::PermissionDenied,
        "42703" | "42883" | "42704" => ErrorKind::SchemaMismatch,
        "44000" => ErrorKind::ConstraintViolation,
        "53100" => ErrorKind::DiskFull,
        "53300" => ErrorKind::TooManyConnections,
        // A lock timeout is the server's decision to give the statement up, too.
        "55P03" | "57014" => ErrorKind::StatementCancelled,
        "57P03" => ErrorKind::ServerNotReady,
        // Shutdown, crash, dropped database, idle session; idle and overlong transactions.
        "57P01" | "57P02" | "57P04" | "57P05" | "25P03" | "25P04" => ErrorKind::ConnectionLost,
        _ => return None,
    })
}

fn by_class(code: &str) -> Option<ErrorKind> {
    Some(match code.get(..2)? {
        "08" => ErrorKind::ConnectionLost,
        "22" => ErrorKind::InvalidData,
        "23" => ErrorKind::ConstraintViolation,
        "28" => ErrorKind::LoginRefused,
        "40" => ErrorKind::TransactionRolledBack,
        "42" => ErrorKind::StatementInvalid,
        "53" => ErrorKind::OutOfResources,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(codes: &[&str], kind: ErrorKind) {
        for code in codes {
            assert_eq!(kind_of_sqlstate(code), kind, "{code}");
        }
    }

    #[test]
    fn codes_come_before_their_class() {
        check(&["28P01"], ErrorKind::AuthFailed);
        check(&["28000"], ErrorKind::LoginRefused);
        check(&["3D000"], ErrorKind::DatabaseMissing);
        check(&["53300"], ErrorKind::TooManyConnections);
        check(&["53100"], ErrorKind::DiskFull);
        check(&["53000", "53200"], ErrorKind::OutOfResources);
        check(&["42P01", "3F000"], ErrorKind::SchemaMissing);
        check(&["42501"], ErrorKind::PermissionDenied);
        check(&["42703", "42883", "42704"], ErrorKind::SchemaMismatch);
        check(&["42601", "42P18"], ErrorKind::StatementInvalid);
    }

    #[test]
    fn an_ended_session_is_a_lost_connection() {
        check(
            &["57P01", "57P02", "57P05", "08006", "08003", "25P03"],
            ErrorKind::ConnectionLost,
        );
        check(&["57P03"], ErrorKind::ServerNotReady);
        check(&["57014", "55P03"], ErrorKind::StatementCancelled);
        check(&["08P01"], ErrorKind::ProtocolViolation);
    }

    #[test]
    fn what_the_data_did_is_told_apart() {
        check(
            &["23505", "23503", "23514", "44000"],
            ErrorKind::ConstraintViolation,
        );
        check(&["22P02", "22001"], ErrorKind::InvalidData);
        check(&["40001", "40P01"], ErrorKind::TransactionRolledBack);
        check(&["25006"], ErrorKind::ReadOnly);
    }

    #[test]
    fn an_unknown_code_stays_unknown() {
        check(&["XX000", "P0001", "", "é", "5"], ErrorKind::Unknown);
    }
}
