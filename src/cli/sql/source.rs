//! Where the statement comes from: the command line or standard input.

use std::io::{self, IsTerminal, Read};

use crate::{cli::sql::SqlOptions, domain::Secret};

/// The longest statement that is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// The statement.
///
/// # Errors
/// In words, when there is none: nothing was attempted then.
pub(super) fn statement(options: &SqlOptions) -> Result<Secret, String> {
    let statement = match &options.statement {
        Some(statement) => statement.clone(),
        None if io::stdin().is_terminal() => {
            return Err("no statement was given: write it behind 'sql', or pipe it in".to_owned());
        }
        None => Secret::new(&from(&mut io::stdin().lock())?),
    };
    let text = statement.expose();
    if text
        .trim_matches(|c: char| c.is_whitespace() || c == ';')
        .is_empty()
    {
        return Err("the statement is empty".to_owned());
    }
    if text.contains('\0') {
        return Err("the statement holds a zero byte".to_owned());
    }
    Ok(statement)
}

fn from(input: &mut dyn Read) -> Result<String, String> {
    let mut bytes = Vec::new();
    input
        .take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(format!("the statement is longer than {LONGEST} bytes"));
    }
    String::from_utf8(bytes).map_err(|_bytes| "the statement is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &[u8], expected: Result<&str, &str>) {
        let read = from(&mut &*input);
        assert_eq!(read.as_deref().map_err(String::as_str), expected);
    }

    #[test]
    fn what_is_read_is_text_and_not_endless() {
        check("select 'é'".as_bytes(), Ok("select 'é'"));
        check(b"select '\xff'", Err("the statement is not UTF-8"));
        let endless = from(&mut io::repeat(b'x'));
        assert!(endless.unwrap_err().contains("longer than 16777216 bytes"));
    }
}
