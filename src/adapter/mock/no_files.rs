//! Keeps the embedded database from opening files: it is in memory, and says so.
//! A database that may only read would make them, too.

use crate::{
    adapter::{
        DbResult,
        mock::one_statement::{Token, Tokens, is},
    },
    domain::{Action, DbError, ErrorKind},
};

/// Refuses a statement that opens another database, which may be a file.
pub(super) fn no_files(sql: &str, action: Action) -> DbResult<()> {
    if opens_another(sql) {
        return Err(DbError::new(action, ErrorKind::Unsupported)
            .with_details("ATTACH and VACUUM INTO open files, and this database is in memory"));
    }
    Ok(())
}

fn opens_another(sql: &str) -> bool {
    let mut tokens = Tokens(sql).skip_while(|token| *token == Token::Semicolon);
    let Some(Token::Word(first)) = tokens.next() else {
        return false;
    };
    let is_into = |token| matches!(token, Token::Word(word) if is(word, "into"));
    is(first, "attach") || is(first, "vacuum") && tokens.any(is_into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, opens: bool) {
        assert_eq!(no_files(sql, Action::Query).is_err(), opens, "{sql}");
    }

    #[test]
    fn a_statement_that_opens_a_file_is_known_by_its_words() {
        check("attach 'file:/tmp/x.db?mode=rwc' as x", true);
        check("; /* x */ ATTACH\tdatabase x as y", true);
        check("-- x\nvacuum into 'x'", true);
        check("vacuum/**/main/**/into'x'", true);
        check("\u{feff}attach 'x' as y", true);
        check("\u{feff}\u{feff} vacuum \u{feff}into 'x'", true);
        check("vacuum", false);
        check("insert into attach values ('vacuum into')", false);
        check("detach x", false);
        check("explain attach 'x' as y", false);
        check("", false);
    }
}
