//! Whether a query may do more than read, told from what it mentions. Knows
//! nothing of how its rows are shown.

use std::collections::BTreeSet;

use tokio_postgres::types::Type;

use crate::{
    adapter::{
        DbResult,
        local::{fence::unlike_us, session::Session},
    },
    domain::Action,
};

/// Asks for volatile functions, and for the definitions that may call more:
/// $1 the words that are mentioned, $2 whether names may be that are no words.
const QUESTION: &str = include_str!("../sql/effects.sql");

/// Views on views on views; whoever has more of them is not looked through.
const ROUNDS: usize = 32;

/// PostgreSQL cuts names after so many bytes.
const NAME: usize = 63;

/// Whether running the rest of a query may change something, here or elsewhere.
///
/// No server tells that. It tells of each function whether it may have effects,
/// and a query can only call what is mentioned in it, in the views that it
/// reads, in their policies, or without a name by operators, casts and types.
/// Every word of the text counts as mentioned, be it in a comment, and a name
/// counts in whatever schema it is: so an answer of no can be relied on as far as
/// the functions are declared truly.
pub(super) async fn may_have_effects(session: &mut Session, sql: &str) -> DbResult<bool> {
    let mut known = Mentioned::default();
    let mut news = Mentioned::of(sql);
    for _ in 0..ROUNDS {
        if news.has_escapes {
            return Ok(true);
        }
        let Some(more) = asked(session, &news).await? else {
            return Ok(true);
        };
        known.add(news);
        let mut next = Mentioned::default();
        for text in more.iter().flatten() {
            next.add(Mentioned::of(text));
        }
        if !next.is_news_to(&known) {
            return Ok(false);
        }
        next.words.retain(|word| !known.words.contains(word));
        news = next;
    }
    Ok(true)
}

/// The definitions that may call more; `None` when it has effects already.
async fn asked(session: &mut Session, news: &Mentioned) -> DbResult<Option<Vec<Option<String>>>> {
    let words: Vec<&str> = news.words.iter().map(String::as_str).collect();
    let params = [
        (&words as _, Type::TEXT_ARRAY),
        (&news.has_odd_names as _, Type::BOOL),
    ];
    let rows = match session.client().query_typed(QUESTION, &params).await {
        Ok(rows) => rows,
        Err(error) => return Err(session.classify(error, Action::Query).await),
    };
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let read = row
        .try_get(0)
        .and_then(|found| Ok((found, row.try_get(1)?)));
    match read {
        Ok((true, _)) => Ok(None),
        Ok((false, more)) => Ok(Some(more)),
        Err(error) => Err(unlike_us(error, Action::Query)),
    }
}

/// What may be a name in a text of SQL.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mentioned {
    /// In lower case.
    words: BTreeSet<String>,
    /// Whether there may be names that are no words: only in quotes, or not ASCII.
    has_odd_names: bool,
    /// Whether names may be written in numbers.
    has_escapes: bool,
}

impl Mentioned {
    fn of(sql: &str) -> Self {
        let sql = sql.to_ascii_lowercase();
        let mut words = BTreeSet::new();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
        for run in sql.split(|c| c != '$' && !is_part(c)) {
            // A dollar may be within a name, or end the mark of a text before one.
            for word in run.split('$').chain([run]) {
                // As may a number.
                let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
                if !word.is_empty() {
                    words.insert(word[..word.floor_char_boundary(NAME)].to_owned());
                }
            }
        }
        Self {
            words,
            has_odd_names: !sql.is_ascii() || sql.contains('"'),
            has_escapes: sql.contains("u&\""),
        }
    }

    fn add(&mut self, other: Self) {
        self.words.extend(other.words);
        self.has_odd_names |= other.has_odd_names;
        self.has_escapes |= other.has_escapes;
    }

    fn is_news_to(&self, known: &Self) -> bool {
        self.has_escapes
            || (self.has_odd_names && !known.has_odd_names)
            || !self.words.is_subset(&known.words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, words: &[&str], has_odd_names: bool) {
        let mentioned = Mentioned::of(sql);
        let words: BTreeSet<_> = words.iter().map(|&word| word.to_owned()).collect();
        assert_eq!(mentioned.words, words, "{sql}");
        assert_eq!(mentioned.has_odd_names, has_odd_names, "{sql}");
        assert!(!mentioned.has_escapes, "{sql}");
    }

    #[test]
    fn every_word_of_a_text_is_mentioned() {
        check("Select f(a.b)", &["select", "f", "a", "b"], false);
        check("select 1or f()", &["select", "or", "f"], false);
        check("/*x*/f('y')--z", &["x", "f", "y", "z"], false);
        check("\"F\"(1)", &["f"], true);
        check("é", &["é"], true);
        check("a$b", &["a", "b", "a$b"], false);
        check("$q$x$q$ || f()", &["q", "x", "$q$x$q$", "f"], false);
        check("", &[], false);
    }

    #[test]
    fn names_are_cut_as_the_server_cuts_them() {
        check(&"n".repeat(64), &[&"n".repeat(63)], false);
        check(&"é".repeat(32), &[&"é".repeat(31)], true);
    }

    #[test]
    fn names_in_numbers_are_known_to_be_unknown() {
        assert!(Mentioned::of("select U&\"\\0066\"()").has_escapes);
    }

    #[test]
    fn only_what_was_not_asked_is_news() {
        let known = Mentioned::of("select a from b");
        assert!(!Mentioned::of("b a").is_news_to(&known));
        assert!(Mentioned::of("c").is_news_to(&known));
        assert!(Mentioned::of("\"a\"").is_news_to(&known));
    }
}
