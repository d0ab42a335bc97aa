//! From SQLite's result codes to error kinds. Knows codes only, like the table
//! of SQLSTATEs.

use sqlx::error::DatabaseError;

use crate::domain::{Action, DbError, ErrorKind};

/// `SQLITE_CONSTRAINT_DATATYPE`.
const DATATYPE: i32 = 3091;

/// Classifies an error of the embedded database and keeps it as the cause.
pub(super) fn from_sqlite(error: sqlx::Error, action: Action) -> DbError {
    let classified = match error.as_database_error() {
        Some(engine) => from_engine(engine, action),
        None => DbError::new(action, kind_without_code(&error)).with_details(&error.to_string()),
    };
    classified.with_source(error)
}

fn from_engine(engine: &dyn DatabaseError, action: Action) -> DbError {
    let code = engine.code().unwrap_or_default();
    let kind = code.parse().map_or(ErrorKind::Unknown, kind_of_code);
    DbError::new(action, kind)
        .with_code(code)
        .with_details(engine.message())
}

/// The kind of an extended result code; its low byte is the primary code.
fn kind_of_code(code: i32) -> ErrorKind {
    // A column of a strict table takes no value of another type.
    if code == DATATYPE {
        return ErrorKind::InvalidData;
    }
    match code & 0xff {
        1 | 25 => ErrorKind::StatementInvalid,
        5 | 6 => ErrorKind::ServerNotReady,
        7 => ErrorKind::OutOfResources,
        8 => ErrorKind::ReadOnly,
        9 => ErrorKind::StatementCancelled,
        13 => ErrorKind::DiskFull,
        18 | 20 => ErrorKind::InvalidData,
        19 => ErrorKind::ConstraintViolation,
        _ => ErrorKind::Unknown,
    }
}

fn kind_without_code(error: &sqlx::Error) -> ErrorKind {
    match error {
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => ErrorKind::InvalidData,
        sqlx::Error::Protocol(_) => ErrorKind::StatementInvalid,
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => ErrorKind::Unsupported,
        _ => ErrorKind::OwnSide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(codes: &[i32], kind: ErrorKind) {
        for code in codes {
            assert_eq!(kind_of_code(*code), kind, "{code}");
        }
    }

    #[test]
    fn extended_codes_have_the_kind_of_their_primary_code() {
        // Check, foreign key, not null, primary key, unique, raised by a trigger.
        check(
            &[275, 787, 1299, 1555, 2067, 1811],
            ErrorKind::ConstraintViolation,
        );
        check(&[20, 3091], ErrorKind::InvalidData);
        check(&[1, 257], ErrorKind::StatementInvalid);
        check(&[8, 264], ErrorKind::ReadOnly);
        check(&[11, 26], ErrorKind::Unknown);
    }
}
