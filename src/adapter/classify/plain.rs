//! Errors that a server sends outside the session's protocol: a plain sentence
//! when it cannot even start a process, or fields without a code. Knows no driver.

use std::{error::Error, fmt};

use crate::{
    adapter::classify::kind_of_sqlstate,
    domain::{ErrorKind, excerpt},
};

/// An error that the driver cannot read, as the server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapter) struct PlainError {
    /// What the server said.
    pub(in crate::adapter) words: String,
    /// Its code, if it gave one.
    pub(in crate::adapter) code: Option<String>,
    /// What kind of failure it is.
    pub(in crate::adapter) kind: ErrorKind,
}

/// Reads the beginning of an answer. `None` for anything but an error that the
/// driver would not understand.
pub(in crate::adapter) fn plain_error(answer: &[u8]) -> Option<PlainError> {
    let error = any_error(answer)?;
    error.code.is_none().then_some(error)
}

/// Reads an error of either form, where no driver does.
pub(in crate::adapter) fn any_error(answer: &[u8]) -> Option<PlainError> {
    let body = answer.strip_prefix(b"E")?;
    // A length begins with a zero byte for every message below 16 MB; a
    // sentence does not.
    match body.first()? {
        0 => fields(body.get(4..)?),
        b' '..=b'~' | 0x80.. => sentence(body),
        _ => None,
    }
}

/// Whether an answer that begins as an error has come to its end: by its
/// length, or by the zero byte or the line's end after a sentence.
pub(in crate::adapter) fn is_whole(answer: &[u8]) -> bool {
    match answer {
        [b'E', length @ ..] if length.first() == Some(&0) => {
            let length = length
                .first_chunk()
                .map(|length| u32::from_be_bytes(*length));
            let is_long_enough = |length| usize::try_from(length).is_ok_and(|n| answer.len() > n);
            length.is_some_and(is_long_enough)
        }
        _ => answer.iter().any(|byte| matches!(byte, 0 | b'\n')),
    }
}

/// The form of servers that have no process to speak the protocol: they could
/// not make one. In whatever language and encoding, it has words; a length that
/// is garbage has none.
fn sentence(body: &[u8]) -> Option<PlainError> {
    let end = body.iter().position(|byte| *byte == 0);
    let text = body[..end.unwrap_or(body.len())].trim_ascii_end();
    let is_odd = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    if !text.contains(&b' ') || text.iter().any(|byte| is_odd(byte) || *byte == 0xff) {
        return None;
    }
    Some(PlainError {
        words: excerpt(&String::from_utf8_lossy(text)),
        code: None,
        kind: ErrorKind::OutOfResources,
    })
}

/// Fields, each a letter and a text that ends with a zero byte.
fn fields(body: &[u8]) -> Option<PlainError> {
    let field = |letter: u8| {
        body.split(|byte| *byte == 0)
            .take_while(|field| !field.is_empty())
            .find_map(|field| field.strip_prefix(&[letter]))
            .map(|text| excerpt(&String::from_utf8_lossy(text)))
    };
    let (message, code) = (field(b'M')?, field(b'C'));
    Some(PlainError {
        kind: code
            .as_deref()
            .map_or(ErrorKind::ProtocolViolation, kind_of_sqlstate),
        words: message,
        code,
    })
}

impl fmt::Display for PlainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for PlainError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &[u8], expected: Option<(&str, Option<&str>, ErrorKind)>) {
        let found = any_error(answer);
        let found = found
            .as_ref()
            .map(|error| (error.words.as_str(), error.code.as_deref(), error.kind));
        assert_eq!(found, expected);
    }

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let resources = ErrorKind::OutOfResources;
        check(
            b"Ecould not fork\n\0",
            Some(("could not fork", None, resources)),
        );
        let violation = ErrorKind::ProtocolViolation;
        check(b"E\0\0\0\x0cSFATAL\0Mx\0\0", Some(("x", None, violation)));
        let many = ErrorKind::TooManyConnections;
        check(
            b"E\0\0\0\x0cC53300\0Mx\0\0",
            Some(("x", Some("53300"), many)),
        );
        let german = "Ekonnte keinen Prozeß starten\n";
        check(
            german.as_bytes(),
            Some(("konnte keinen Prozeß starten", None, resources)),
        );
        check(b"E\x7f\xff\xff\xffxxxx", None);
        check(b"E\xff\xff\xff\xff", None);
        check(b"E\xff\xff\xff\xffSFATAL\0Mno such thing\0\0", None);
        check(b"E\x80\0\0\0", None);
        check(b"Exxxxxxxx", None);
        check(b"R\0\0\0\x08", None);
        check(b"E", None);
        check(b"E\0\0\0\x05\0", None);
    }

    #[test]
    fn an_error_ends_with_its_length_or_its_line() {
        let whole: [&[u8]; 3] = [b"E\0\0\0\x05\0", b"Ecould not fork\n", b"Ecould not fork\0"];
        for answer in whole {
            assert!(is_whole(answer), "{answer:?}");
            let cut = &answer[..answer.len() - 1];
            assert!(!is_whole(cut), "{cut:?}");
        }
        assert!(!is_whole(b"E\0\0"));
    }
}
