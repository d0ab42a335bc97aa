//! Reads the constraints with names out of a CREATE TABLE statement. SQLite
//! keeps the statement's text and tells those names nowhere else. Knows nothing
//! of connections.

/// A constraint with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Constraint {
    pub(super) name: String,
    pub(super) rule: Rule,
    /// The table's own columns that it holds for.
    pub(super) columns: Vec<String>,
}

/// What a constraint demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    PrimaryKey,
    Unique,
    ForeignKey,
}

/// A piece of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A keyword, a name or a number.
    Word(String),
    /// What stood in quotes: a name, or a text that is none.
    Quoted(String),
    Sign(char),
}

impl Token {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Word(name) | Self::Quoted(name) => Some(name),
            Self::Sign(_) => None,
        }
    }
}

/// The keys and references of the table, in the order in which they stand.
pub(super) fn constraints(create_table: &str) -> Vec<Constraint> {
    let tokens = tokens(create_table);
    let mut found = Vec::new();
    let (mut depth, mut column) = (0_usize, None);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.saturating_sub(1),
            Token::Sign(_) => {}
            Token::Word(_) | Token::Quoted(_) if depth != 1 => {}
            Token::Word(word) if word.eq_ignore_ascii_case("constraint") => {
                found.extend(constraint(&tokens[index + 1..], column));
            }
            Token::Word(_) | Token::Quoted(_) => {
                if matches!(tokens[index - 1], Token::Sign('(' | ',')) {
                    column = token.name();
                }
            }
        }
    }
    found
}

/// The constraint whose name comes next. Without a list of columns it holds for
/// the column that it stands behind.
fn constraint(tokens: &[Token], column: Option<&str>) -> Option<Constraint> {
    let [name, Token::Word(first), rest @ ..] = tokens else {
        return None;
    };
    let (rule, rest) = match first.to_ascii_lowercase().as_str() {
        "primary" => (Rule::PrimaryKey, rest.get(1..)?),
        "unique" => (Rule::Unique, rest),
        "foreign" => (Rule::ForeignKey, rest.get(1..)?),
        "references" => (Rule::ForeignKey, &rest[..0]),
        _ => return None,
    };
    let columns = match rest {
        [Token::Sign('('), list @ ..] => list
            .split(|token| *token == Token::Sign(')'))
            .next()?
            .split(|token| *token == Token::Sign(','))
            .filter_map(|part| part.first()?.name().map(str::to_owned))
            .collect(),
        _ => vec![column?.to_owned()],
    };
    Some(Constraint {
        name: name.name()?.to_owned(),
        rule,
        columns,
    })
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '"' | '`' | '\'' => {
                let (text, length) = quoted(rest, first);
                tokens.push(Token::Quoted(text));
                length
            }
            '[' => {
                let length = rest.find(']').map_or(rest.len(), |end| end + 1);
                let name = rest[1..length].trim_end_matches(']');
                tokens.push(Token::Quoted(name.to_owned()));
                length
            }
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            c if is_part_of_word(c) => {
                let length = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    tokens
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The text within the quotes that `sql` begins with, and how much of `sql` it
/// takes. A quote in it is doubled.
fn quoted(sql: &str, quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut chars = sql.char_indices().skip(1).peekable();
    while let Some((index, c)) = chars.next() {
        if c != quote {
            text.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == quote) {
            text.push(quote);
            chars.next();
        } else {
            return (text, index + 1);
        }
    }
    (text, sql.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sql: &str, expected: &[(&str, Rule, &[&str])]) {
        let found = constraints(sql);
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.name.as_str(), found.rule, found.columns.as_slice()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, rule, columns)| {
                let columns: Vec<String> =
                    columns.iter().map(|column| (*column).to_owned()).collect();
                (*name, *rule, columns)
            })
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, rule, columns)| (*name, *rule, columns.as_slice()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn keys_and_references_of_a_table_are_found() {
        check(
            "create table t (a int, b int, constraint t_pkey primary key (a), \
             constraint b_key unique (b, a), constraint c check (a > (b)), \
             constraint fk foreign key (a) references t (b))",
            &[
                ("t_pkey", Rule::PrimaryKey, &["a"]),
                ("b_key", Rule::Unique, &["b", "a"]),
                ("fk", Rule::ForeignKey, &["a"]),
            ],
        );
    }

    #[test]
    fn those_of_one_column_are_found() {
        check(
            "CREATE TABLE t (a INT CONSTRAINT p PRIMARY KEY, \
             \"b c\" int default (1, 2) constraint \"u \"\"x\" unique constraint r references t)",
            &[
                ("p", Rule::PrimaryKey, &["a"]),
                ("u \"x", Rule::Unique, &["b c"]),
                ("r", Rule::ForeignKey, &["b c"]),
            ],
        );
    }

    #[test]
    fn texts_and_comments_are_no_constraints() {
        check(
            "create table t (a text default ', constraint x unique (a)', -- constraint y unique\n\
             [b] int /* constraint z unique */ default 'constraint' unique, unique (a))",
            &[],
        );
    }
}
