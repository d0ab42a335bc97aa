//! The first words of a statement. Not what decides anything that the server can
//! decide: it spares the server questions whose answer is known, and other
//! clients of a pooler what is meant for a session of one's own.

/// The word in lower case, after blanks, comments and opening brackets; empty
/// where a statement begins otherwise.
pub(super) fn leading_word(sql: &str) -> String {
    word_and_rest(sql).0
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
pub(super) fn is_prepare_transaction(sql: &str) -> bool {
    let (first, rest) = word_and_rest(sql);
    first == "prepare" && leading_word(rest) == "transaction"
}

/// What the statement wants of a session that lasts, in words; `None` where
/// nothing is seen of it: a function may want it, too.
pub(super) fn session_bound(sql: &str) -> Option<&'static str> {
    let (first, rest) = word_and_rest(sql);
    let (second, _) = word_and_rest(rest);
    match (first.as_str(), second.as_str()) {
        ("set", "local" | "transaction" | "constraints") | ("prepare", "transaction") => None,
        ("set" | "reset" | "discard" | "load", _) => Some("a session's settings"),
        ("listen" | "unlisten", _) => Some("notifications (LISTEN)"),
        ("prepare" | "execute" | "deallocate", _) => Some("prepared statements with a name"),
        ("create", "temp" | "temporary") => Some("temporary tables"),
        _ => None,
    }
}

fn word_and_rest(sql: &str) -> (String, &str) {
    let rest = after_comments(sql);
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    (rest[..end].to_ascii_lowercase(), &rest[end..])
}

/// Whether statements with this first word say of how many rows they changed:
/// of all others a zero means nothing.
pub(super) fn counts_rows(word: &str) -> bool {
    [
        "insert", "update", "delete", "merge", "replace", "with", "select", "copy", "move",
    ]
    .contains(&word)
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
    fn what_needs_a_session_is_known_by_its_first_words() {
        for sql in [
            "set x = 1",
            "/* a */ SET session x to 1",
            "reset all",
            "discard all",
            "listen news",
            "prepare p as select 1",
            "deallocate all",
            "create temp table t ()",
        ] {
            assert!(session_bound(sql).is_some(), "{sql}");
        }
        for sql in [
            "set local x = 1",
            "set transaction read only",
            "set constraints all deferred",
            "prepare transaction 'x'",
            "select set_config('x', '1', true)",
            "create table t ()",
            "notify news",
            "",
        ] {
            assert_eq!(session_bound(sql), None, "{sql}");
        }
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
