//! The first word of a statement. Not what decides anything that the server can
//! decide: it only spares the server questions whose answer is known.

/// The word in lower case, after blanks, comments and opening brackets; empty
/// where a statement begins otherwise.
pub(super) fn leading_word(sql: &str) -> String {
    let rest = after_comments(sql);
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    rest[..end].to_ascii_lowercase()
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
}
