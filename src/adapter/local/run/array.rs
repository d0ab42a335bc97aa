//! Reads PostgreSQL's text form of an array. Knows nothing of the elements.

/// An array, or one element of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Null,
    Element(String),
    Array(Vec<Item>),
}

/// The array, or `None` for a text that is none: `{1,NULL,"a b"}`, with bounds
/// before it where they are not the usual ones.
pub(super) fn parse_array(text: &str) -> Option<Item> {
    let body = match text.strip_prefix('[') {
        Some(bounds) => bounds.split_once('=')?.1,
        None => text,
    };
    let mut rest = body;
    let array = array(&mut rest, 0)?;
    rest.is_empty().then_some(array)
}

/// PostgreSQL's arrays have six dimensions at most.
const DEEPEST: u32 = 6;

fn array(rest: &mut &str, depth: u32) -> Option<Item> {
    if depth > DEEPEST {
        return None;
    }
    *rest = rest.strip_prefix('{')?;
    let mut items = Vec::new();
    if let Some(after) = rest.strip_prefix('}') {
        *rest = after;
        return Some(Item::Array(items));
    }
    loop {
        items.push(item(rest, depth)?);
        if let Some(after) = rest.strip_prefix(',') {
            *rest = after;
            continue;
        }
        *rest = rest.strip_prefix('}')?;
        return Some(Item::Array(items));
    }
}

fn item(rest: &mut &str, depth: u32) -> Option<Item> {
    if rest.starts_with('{') {
        return array(rest, depth + 1);
    }
    if let Some(after) = rest.strip_prefix('"') {
        *rest = after;
        return quoted(rest).map(Item::Element);
    }
    let end = rest.find([',', '}', '{', '"'])?;
    let (word, after) = rest.split_at(end);
    *rest = after;
    match word {
        "" => None,
        "NULL" => Some(Item::Null),
        word => Some(Item::Element(word.to_owned())),
    }
}

/// Up to the closing quote; a backslash stands before quotes and backslashes.
fn quoted(rest: &mut &str) -> Option<String> {
    let mut element = String::new();
    let mut all = rest.char_indices();
    while let Some((index, c)) = all.next() {
        match c {
            '"' => {
                *rest = &rest[index + 1..];
                return Some(element);
            }
            '\\' => element.push(all.next()?.1),
            c => element.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(text: &str) -> Item {
        Item::Element(text.to_owned())
    }

    #[track_caller]
    fn check(text: &str, expected: Option<Vec<Item>>) {
        assert_eq!(parse_array(text), expected.map(Item::Array));
    }

    #[test]
    fn elements_are_read_with_and_without_quotes() {
        check("{}", Some(vec![]));
        check(
            "{1,NULL,3}",
            Some(vec![element("1"), Item::Null, element("3")]),
        );
        check(
            r#"{"a b","NULL","","q\"b\\"}"#,
            Some(vec![
                element("a b"),
                element("NULL"),
                element(""),
                element("q\"b\\"),
            ]),
        );
        let (one, two) = (
            Item::Array(vec![element("1")]),
            Item::Array(vec![element("2")]),
        );
        check("{{1},{2}}", Some(vec![one, two]));
        check("[0:1]={7,8}", Some(vec![element("7"), element("8")]));
    }

    #[test]
    fn what_is_no_array_is_none() {
        for text in ["", "1", "{", "{1", "{1,}", "{\"a}", "{1}2", "[0:1]", "1 2"] {
            check(text, None);
        }
        check(&"{".repeat(100_000), None);
    }
}
