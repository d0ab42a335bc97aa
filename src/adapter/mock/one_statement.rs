//! Tells one statement from several. SQLite would run all that a text holds,
//! where a server refuses more than one.

use crate::{
    adapter::DbResult,
    domain::{Action, DbError, ErrorKind},
};

/// Refuses a text with more than one statement, and one that the engine would
/// not read to its end.
pub(super) fn only_one(sql: &str, action: Action) -> DbResult<()> {
    let refused = |words| {
        Err(DbError::new(action, ErrorKind::StatementInvalid)
            .with_code("1")
            .with_details(words))
    };
    if sql.contains('\0') {
        return refused("the statement holds a zero byte");
    }
    if is_several(sql) {
        return refused("more than one statement; give one at a time");
    }
    Ok(())
}

/// A piece of SQL, as far as it matters where a statement ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Semicolon,
    Word(&'a str),
    Other,
}

fn is_several(sql: &str) -> bool {
    let mut tokens = Tokens(sql).peekable();
    while tokens.next_if_eq(&Token::Semicolon).is_some() {}
    let ends_with_end = is_trigger(sql);
    while let Some(token) = tokens.next() {
        if token != Token::Semicolon {
            continue;
        }
        if !ends_with_end {
            break;
        }
        // A trigger's own statements end with semicolons, too; its last one is
        // followed by the word that ends the trigger.
        let is_end = |token: &Token<'_>| matches!(token, Token::Word(word) if is(word, "end"));
        if tokens.next_if(is_end).is_some()
            && matches!(tokens.peek(), None | Some(Token::Semicolon))
        {
            break;
        }
    }
    tokens.any(|token| token != Token::Semicolon)
}

/// `create [temp] trigger`, also when it is only to be explained.
fn is_trigger(sql: &str) -> bool {
    let mut words = Tokens(sql)
        .skip_while(|token| *token == Token::Semicolon)
        .map_while(|token| match token {
            Token::Word(word) => Some(word),
            Token::Semicolon | Token::Other => None,
        })
        .skip_while(|word| {
            ["explain", "query", "plan"]
                .iter()
                .any(|known| is(word, known))
        });
    let mut next_is = |known: &[&str]| {
        words
            .next()
            .map(|word| known.iter().any(|known| is(word, known)))
    };
    if next_is(&["create"]) != Some(true) {
        return false;
    }
    let mut rest = words;
    match rest.next() {
        Some(word) if is(word, "trigger") => true,
        Some(word) if is(word, "temp") || is(word, "temporary") => {
            rest.next().is_some_and(|word| is(word, "trigger"))
        }
        Some(_) | None => false,
    }
}

/// Whether the word is this one, in any case.
pub(super) fn is(word: &str, known: &str) -> bool {
    word.eq_ignore_ascii_case(known)
}

/// The tokens of what is left, by SQLite's rules; blanks and comments are none.
pub(super) struct Tokens<'a>(pub(super) &'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            // A byte order mark is a blank to SQLite, too.
            let sql = self
                .0
                .trim_start_matches([' ', '\t', '\n', '\r', '\u{c}', '\u{feff}']);
            let first = sql.chars().next()?;
            let (token, length) = match first {
                '-' if sql.starts_with("--") => (None, line_end(sql)),
                '/' if sql.starts_with("/*") => (None, after(sql, 2, "*/")),
                ';' => (Some(Token::Semicolon), 1),
                '\'' | '"' | '`' => (Some(Token::Other), after_quote(sql, first)),
                '[' => (Some(Token::Other), after(sql, 1, "]")),
                c if is_word(c) => {
                    let end = sql.find(|c| !is_word(c)).unwrap_or(sql.len());
                    (Some(Token::Word(&sql[..end])), end)
                }
                c => (Some(Token::Other), c.len_utf8()),
            };
            self.0 = &sql[length..];
            if token.is_some() {
                return token;
            }
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

fn line_end(sql: &str) -> usize {
    sql.find('\n').map_or(sql.len(), |end| end + 1)
}

/// Behind the next `end`, which is looked for after `from` bytes.
fn after(sql: &str, from: usize, end: &str) -> usize {
    let found = sql[from..].find(end);
    found.map_or(sql.len(), |index| from + index + end.len())
}

/// Behind a text in quotes; two of them within it are one that does not end it,
/// which is the same as two texts side by side.
fn after_quote(sql: &str, quote: char) -> usize {
    let mut ends = [0; 1];
    after(sql, 1, quote.encode_utf8(&mut ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, is_one: bool) {
        assert_eq!(only_one(sql, Action::Query).is_ok(), is_one, "{sql}");
    }

    #[test]
    fn a_semicolon_ends_a_statement_where_it_is_no_part_of_one() {
        check("", true);
        check("select 1", true);
        check("select 1;", true);
        check(";; select 1 ; ; -- end\n ;/* and */", true);
        check("select ';', \";\", `;`, [;] -- ;\n /* ; */", true);
        check("select 'it''s; one'", true);
        check("select 1; select 2", false);
        check("pragma query_only=off; create table x(a)", false);
        check("select ''';' ; select 2", false);
        check("select 1 /* ; */ ; -- x\n drop table y", false);
        check("select 1 --; \n; drop table y", false);
        check("select 1;\u{c}drop table y", false);
        check("select \u{a0}1; drop table y", false);
        check("select 1\0; drop table y", false);
    }

    #[test]
    fn a_trigger_holds_statements_of_its_own() {
        let trigger = "create temp trigger t after insert on a begin \
                       update a set x = case when 1 then 2 end; delete from b; end";
        check(trigger, true);
        check(&format!("{trigger};"), true);
        check(&format!("explain query plan {trigger} ;"), true);
        check(&format!("{trigger}; drop table a"), false);
        check(
            "create trigger t after insert on a begin select 1; end; drop table a",
            false,
        );
        check("create table t(a); drop table a", false);
        check("create table trigger_end(a); end; drop table a", false);
    }
}
