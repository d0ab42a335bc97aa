//! The first word of a statement. Not what decides anything that the server can
//! decide: it only spares the server questions whose answer is known.

/// The word in lower case, after blanks, comments and opening brackets; empty
/// where a statement begins otherwise.
pub(super) fn leading_word(sql: &str) -> String {
    first_word(sql).0
}

/// Whether the statement begins, ends or divides transactions. One that runs in
/// a transaction of ours could leave it so.
pub(super) fn is_about_transactions(sql: &str) -> bool {
    let words = [
        "abort",
        "begin",
        "commit",
        "end",
        "release",
        "rollback",
        "savepoint",
        "start",
    ];
    words.contains(&leading_word(sql).as_str()) || is_prepare_transaction(sql)
}

/// Whether the statement hands its transaction over to the server, which keeps it
/// until somebody ends it: also one that may only read.
pub(in crate::adapter::local) fn is_prepare_transaction(sql: &str) -> bool {
    let (first, rest) = first_word(sql);
    first == "prepare" && leading_word(rest) == "transaction"
}

/// The word in lower case, and what follows it.
fn first_word(sql: &str) -> (String, &str) {
    let rest = after_comments(sql);
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (rest[..end].to_ascii_lowercase(), &rest[end..])
}

fn after_comments(mut sql: &str) -> &str {
    loop {
        sql = sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == ';');
        sql = if let Some(line) = sql.strip_prefix("--") {
            line.find(['\n', '\r']).map_or("", |end| &line[end..])
        } else if let Some(block) = sql.strip_prefix("/*") {
            after_block(block)
        } else {
            return sql;
        };
    }
}

/// What follows a comment that has begun; comments nest.
fn after_block(mut rest: &str) -> &str {
    let mut depth = 1;
    while depth > 0 {
        let (end, begin) = (rest.find("*/"), rest.find("/*"));
        let Some(end) = end else {
            return "";
        };
        match begin {
            Some(begin) if begin < end => {
                depth += 1;
                rest = &rest[begin + 2..];
            }
            Some(_) | None => {
                depth -= 1;
                rest = &rest[end + 2..];
            }
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, word: &str) {
        assert_eq!(leading_word(sql), word);
    }

    #[test]
    fn the_first_word_stands_behind_blanks_comments_and_brackets() {
        check("select 1", "select");
        check(" \n\t( ( SELECT 1))", "select");
        check("-- a comment\nCopy t to stdout", "copy");
        check("/* a /* nested */ one */copy t", "copy");
        check("/*/ copy */ insert", "insert");
        check("; ;select 1", "select");
        check("-- nothing", "");
        check("/* not closed", "");
        check("'text'", "");
        check("", "");
    }
    #[test]
    fn statements_about_transactions_are_known() {
        for sql in [
            "commit and chain",
            "; END",
            "-- x\nRollback to s",
            "start transaction read write",
            "prepare transaction 'x'",
            "Prepare/* of */ -- two\n TRANSACTION'x'",
        ] {
            assert!(is_about_transactions(sql), "{sql}");
        }
        for sql in ["prepare p as select 1", "select 'commit'", "committed"] {
            assert!(!is_about_transactions(sql), "{sql}");
        }
        assert!(!is_prepare_transaction("commit prepared 'x'"));
    }
}
