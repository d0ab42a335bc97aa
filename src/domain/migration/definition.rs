//! Definitions as a server tells them, brought to one form: two that mean the
//! same are the same text then. Knows PostgreSQL's way of writing them back.

/// A default, a check or the like without what may differ and means nothing:
/// the type that a literal is told with, spaces, and the order of listed values.
pub(super) fn plain(definition: &str) -> String {
    with_sorted_lists(&without_casts(definition))
}

/// One of the conditions that a check makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Condition {
    /// The same text for all that mean the same.
    pub(super) plain: String,
    /// With the parentheses in which the server tells it.
    pub(super) told: String,
}

/// The conditions that a check makes, each by itself: all of them must hold.
pub(super) fn conditions(check: &str) -> Vec<Condition> {
    let text = plain(check);
    let body = text.strip_prefix("CHECK ").unwrap_or(&text);
    let (body, rest) = match closing(body) {
        Some(end) => (&body[..=end], body[end + 1..].trim()),
        None => (body, ""),
    };
    let mut all = Vec::new();
    split_all(unwrapped(body), &mut all);
    if !rest.is_empty() {
        // NOT VALID and NO INHERIT say that it does not hold everywhere.
        for condition in &mut all {
            for text in [&mut condition.plain, &mut condition.told] {
                text.push(' ');
                text.push_str(rest);
            }
        }
    }
    all
}

fn split_all(text: &str, into: &mut Vec<Condition>) {
    let parts = split_at(text, " AND ");
    if parts.len() > 1 {
        for part in parts {
            split_all(unwrapped(part), into);
        }
        return;
    }
    match without_guard(text) {
        Some(guarded) => split_all(unwrapped(guarded), into),
        None => into.push(Condition {
            plain: turned(&lengths(text)),
            told: format!("({text})"),
        }),
    }
}

/// `(x IS NULL) OR p(x)` is p(x): a check passes where it cannot be told. The
/// condition must be comparisons of which each needs x.
fn without_guard(text: &str) -> Option<&str> {
    let parts = split_at(text, " OR ");
    let [first, second] = parts.as_slice() else {
        return None;
    };
    let guarded = unwrapped(first).strip_suffix(" IS NULL")?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '"';
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !is_name(c))
            .map(str::to_owned)
            .collect()
    };
    let needs = |condition: &&str| {
        let words = words(condition);
        words.iter().any(|word| word == guarded)
            && !words.iter().any(|word| {
                matches!(
                    word.to_ascii_uppercase().as_str(),
                    "OR" | "IS" | "NOT" | "CASE" | "COALESCE"
                )
            })
    };
    let is_whole = guarded.chars().all(is_name);
    let is_strict = split_at(unwrapped(second), " AND ").iter().all(needs);
    (is_whole && is_strict).then_some(second)
}

/// A comparison with its smaller side first; the sides of `=` and `<>` in the
/// order of their texts.
fn turned(condition: &str) -> String {
    for (operator, turned) in [(" >= ", " <= "), (" > ", " < ")] {
        if let [left, right] = split_at(condition, operator).as_slice() {
            return format!("{}{turned}{}", unwrapped(right), unwrapped(left));
        }
    }
    for operator in [" = ", " <> ", " <= ", " < "] {
        if let [left, right] = split_at(condition, operator).as_slice() {
            let (mut left, mut right) = (unwrapped(left), unwrapped(right));
            let is_list = right.starts_with("ANY ") || right.starts_with("ALL ");
            if matches!(operator, " = " | " <> ") && !is_list && right < left {
                (left, right) = (right, left);
            }
            return format!("{left}{operator}{right}");
        }
    }
    condition.to_owned()
}

/// Three names of the length of a text.
fn lengths(condition: &str) -> String {
    let mut text = String::with_capacity(condition.len());
    let mut word = String::new();
    for c in condition.chars() {
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        let is_length = c == '(' && matches!(word.as_str(), "length" | "character_length");
        text.push_str(if is_length { "char_length" } else { &word });
        word.clear();
        text.push(c);
    }
    text + &word
}

/// The text within the parentheses around all of it.
fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    match closing(text) {
        Some(end) if end + 1 == text.len() => unwrapped(&text[1..end]),
        _ => text,
    }
}

/// Where the parenthesis is closed that the text begins with.
fn closing(text: &str) -> Option<usize> {
    if !text.starts_with('(') {
        return None;
    }
    let mut depth = Depth::default();
    text.char_indices()
        .find(|(_, c)| depth.after(*c) == 0)
        .map(|(at, _)| at)
}

/// Splits at a word or operator that stands neither in parentheses nor in quotes.
fn split_at<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (Depth::default(), 0);
    for (at, c) in text.char_indices() {
        let is_outside = depth.is_outside();
        depth.after(c);
        if is_outside && at >= start && text[at..].starts_with(separator) {
            parts.push(&text[start..at]);
            start = at + separator.len();
        }
    }
    parts.push(&text[start..]);
    parts
}

/// How deep in parentheses and brackets, and whether in quotes.
#[derive(Debug, Default)]
struct Depth {
    open: usize,
    quote: Option<char>,
}

impl Depth {
    fn is_outside(&self) -> bool {
        self.open == 0 && self.quote.is_none()
    }

    /// The depth after this character. A quote that is doubled closes and opens.
    fn after(&mut self, c: char) -> usize {
        match (self.quote, c) {
            (Some(quote), c) if c == quote => self.quote = None,
            (None, '\'' | '"') => self.quote = Some(c),
            (None, '(' | '[') => self.open += 1,
            (None, ')' | ']') => self.open = self.open.saturating_sub(1),
            (Some(_) | None, _) => {}
        }
        self.open + usize::from(self.quote.is_some())
    }
}

/// Without the `::type` behind literals, and with one blank between words. What
/// stands in quotes stays as it is.
fn without_casts(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['\'', '"']) {
        kept.push_str(&with_single_blanks(&rest[..start]));
        let mut quote = Depth::default();
        let end = rest[start..]
            .char_indices()
            .find(|(_, c)| quote.after(*c) == 0)
            .map_or(rest.len(), |(at, c)| start + at + c.len_utf8());
        let (quoted, after) = rest.split_at(end);
        kept.push_str(&quoted[start..]);
        rest = match after.strip_prefix("::") {
            Some(cast) if quoted.ends_with('\'') => without_type(cast),
            _ => after,
        };
    }
    kept.push_str(&with_single_blanks(rest));
    kept.trim().to_owned()
}

/// With one blank for any number of blanks, breaks and the like.
fn with_single_blanks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if !c.is_whitespace() => kept.push(c),
            _ if kept.ends_with(' ') => {}
            _ => kept.push(' '),
        }
    }
    kept
}

/// What follows the name of a type.
fn without_type(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '"');
    let mut rest = text.trim_start_matches(is_part);
    for word in [
        " varying",
        " precision",
        " without time zone",
        " with time zone",
    ] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    if let Some(end) = closing(rest).filter(|end| {
        let size = &rest[1..*end];
        !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_digit())
    }) {
        rest = &rest[end + 1..];
    }
    while let Some(after) = rest.strip_prefix("[]") {
        rest = after;
    }
    rest
}

/// The literals of `ARRAY['b', 'a']` in the order of their texts: a value is in
/// the list or not.
fn with_sorted_lists(text: &str) -> String {
    let mut sorted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("ARRAY[") {
        let start = at + "ARRAY".len();
        sorted.push_str(&rest[..start]);
        rest = &rest[start..];
        let mut depth = Depth::default();
        let end = rest.char_indices().find(|(_, c)| depth.after(*c) == 0);
        let Some((end, _)) = end else {
            break;
        };
        let mut items = split_at(&rest[1..end], ", ");
        if items.iter().all(|item| item.starts_with('\'')) {
            items.sort_unstable();
        }
        sorted.push('[');
        sorted.push_str(&items.join(", "));
        sorted.push(']');
        rest = &rest[end + 1..];
    }
    sorted + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str) {
        let sorted = |check: &str| {
            let all = conditions(check).into_iter();
            let mut all: Vec<_> = all.map(|condition| condition.plain).collect();
            all.sort();
            all
        };
        assert_eq!(sorted(one), sorted(other));
    }

    #[track_caller]
    fn check_differ(one: &str, other: &str) {
        assert_ne!(conditions(one), conditions(other));
    }

    #[test]
    fn checks_that_mean_the_same_are_the_same() {
        check(
            "CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100)))",
            "CHECK (((length(name) <= 100) AND (length(name) >= 1)))",
        );
        check(
            "CHECK ((completed_at >= started_at))",
            "CHECK ((started_at <= completed_at))",
        );
        check(
            "CHECK ((char_length(error) <= 10000))",
            "CHECK (((error IS NULL) OR (character_length(error) <= 10000)))",
        );
        check(
            "CHECK (((completed_at IS NOT NULL) = (status = ANY (ARRAY['failed'::command_status, 'completed'::command_status]))))",
            "CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text])) = (completed_at IS NOT NULL)))",
        );
        check(
            "CHECK ((\"timestamp\" <= (created_at + '00:01:00'::interval)))",
            "CHECK (((created_at + '00:01:00'::interval) >= \"timestamp\"))",
        );
        check(
            "CHECK (((priority >= '-100'::integer) AND (priority <= 100)))",
            "CHECK (((priority >= '-100'::bigint) AND (priority <= 100)))",
        );
    }

    #[test]
    fn a_literals_type_and_the_order_of_a_list_mean_nothing() {
        assert_eq!(plain("'disconnected'::agent_status"), "'disconnected'");
        assert_eq!(plain("'x'::character varying(20)"), "'x'");
        assert_eq!(plain("'{}'::text[]"), "'{}'");
        assert_eq!(plain("now()"), "now()");
        assert_eq!(plain("'it''s'::text || 'b'::text"), "'it''s' || 'b'");
        assert_eq!(plain("ARRAY['b'::text, 'a'::text]"), "ARRAY['a', 'b']");
        assert_eq!(plain("ARRAY[b, a]"), "ARRAY[b, a]");
    }

    #[test]
    fn what_stands_in_quotes_stays_as_it_is() {
        assert_eq!(plain("enum ('a  b', 'c\r')"), "enum ('a  b', 'c\r')");
        assert_eq!(plain("'x''::text'::text  =\n y"), "'x''::text' = y");
        assert_eq!(plain("\"a  b\" text"), "\"a  b\" text");
        assert_eq!(plain(" 'never closed  "), "'never closed");
    }

    #[test]
    fn a_condition_is_told_with_its_parentheses() {
        let told = |check: &str| -> Vec<_> {
            let all = conditions(check).into_iter();
            all.map(|condition| condition.told).collect()
        };
        assert_eq!(
            told("CHECK (((a IS NOT NULL) = (b = ANY (ARRAY['y'::text, 'x'::text]))))"),
            ["((a IS NOT NULL) = (b = ANY (ARRAY['x', 'y'])))"]
        );
        assert_eq!(
            told("CHECK (((a >= 1) AND (a <= 9))) NOT VALID"),
            ["(a >= 1) NOT VALID", "(a <= 9) NOT VALID"]
        );
    }

    #[test]
    fn checks_that_mean_something_else_stay_apart() {
        check_differ(
            "CHECK ((char_length(name) <= 100))",
            "CHECK ((char_length(name) < 100))",
        );
        check_differ(
            "CHECK ((octet_length(name) <= 100))",
            "CHECK ((char_length(name) <= 100))",
        );
        // A guard that is not the compared column's lets more pass.
        check_differ(
            "CHECK ((char_length(error) <= 10000))",
            "CHECK (((status IS NULL) OR (char_length(error) <= 10000)))",
        );
        check_differ(
            "CHECK (((a IS NULL) OR (COALESCE(a, 0) <= 5)))",
            "CHECK ((COALESCE(a, 0) <= 5))",
        );
        check_differ("CHECK ((a <= 5)) NOT VALID", "CHECK ((a <= 5))");
        check_differ("CHECK (((a OR b) AND c))", "CHECK ((a OR (b AND c)))");
    }
}
