//! Looks for a secret in what was printed: whole and in pieces, as it is and in
//! each encoding that somebody may have given it.

use std::collections::HashSet;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// So many characters of a secret that follow each other are one too many.
const PIECE: usize = 12;

/// What tells a key's kind is no secret.
const BEGINNINGS: [&str; 2] = ["sb_publishable_", "sb_secret_"];

/// A way of writing that any byte can have.
type Written = fn(u8) -> String;

/// Ways of writing, byte by byte.
const WRITTEN: [Written; 7] = [
    |byte| char::from(byte).to_string(),
    |byte| char::from(byte.to_ascii_lowercase()).to_string(),
    |byte| format!("%{byte:02X}"),
    |byte| format!("%{byte:02x}"),
    |byte| format!("{byte:02x}"),
    |byte| format!("\\u{byte:04x}"),
    |byte| format!("\\u{byte:04X}"),
];

/// What must not be printed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hidden {
    pieces: HashSet<String>,
    lengths: HashSet<usize>,
}

impl Hidden {
    /// These secrets, each with all its pieces.
    pub(crate) fn of<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut hidden = Self::default();
        for secret in secrets {
            let begun = BEGINNINGS.iter().find_map(|it| secret.strip_prefix(it));
            let secret = begun.unwrap_or(secret);
            assert!(secret.len() >= PIECE, "too short to be looked for");
            for piece in secret.as_bytes().windows(PIECE) {
                for written in WRITTEN {
                    hidden.add(piece.iter().copied().map(written).collect());
                }
                // In base64 what stands before decides where a byte's letters begin.
                for start in 0..3 {
                    let part = &piece[start..start + (PIECE - start) / 3 * 3];
                    hidden.add(STANDARD_NO_PAD.encode(part));
                    hidden.add(URL_SAFE_NO_PAD.encode(part));
                }
            }
        }
        hidden
    }

    fn add(&mut self, piece: String) {
        self.lengths.insert(piece.len());
        self.pieces.insert(piece);
    }

    /// What of it is in the text, also where a narrow box has broken it.
    pub(crate) fn found_in(&self, text: &str) -> Option<String> {
        let is_of_a_box = |c: char| c.is_whitespace() || "│┃".contains(c);
        let joined: String = text.chars().filter(|c| !is_of_a_box(*c)).collect();
        [text, joined.as_str()]
            .iter()
            .find_map(|text| self.find(text))
    }

    fn find(&self, text: &str) -> Option<String> {
        self.lengths.iter().find_map(|length| {
            let mut windows = text.as_bytes().windows(*length);
            windows.find_map(|window| {
                let window = std::str::from_utf8(window).ok()?;
                self.pieces.get(window).cloned()
            })
        })
    }

    /// Nothing of it is in the text.
    #[track_caller]
    pub(crate) fn check(&self, what: &str, text: &str) {
        if let Some(piece) = self.found_in(text) {
            panic!("{what} shows {piece}:\n{text}");
        }
    }
}

#[test]
fn a_secret_is_found_in_every_form() {
    let key = "sb_secret_Zr5tQw8nYk3MvB1xJd6HcE_aL9fSg2P";
    let hidden = Hidden::of([key]);
    let all = |written: Written| key.bytes().map(written).collect::<String>();
    for written in WRITTEN {
        assert!(hidden.found_in(&format!("x {} x", all(written))).is_some());
    }
    for before in ["", "a", "ab", "Bearer "] {
        let text = format!("{before}{key}");
        assert!(hidden.found_in(&STANDARD_NO_PAD.encode(&text)).is_some());
        assert!(hidden.found_in(&URL_SAFE_NO_PAD.encode(&text)).is_some());
    }
    assert!(hidden.found_in(&key[20..32]).is_some());
    assert!(hidden.found_in(&key[20..31]).is_none());
    let broken = format!("┃ {}┃\n┃ {}┃", &key[14..20], &key[20..26]);
    assert!(hidden.found_in(&broken).is_some());
    assert!(
        hidden
            .found_in("sb_secret_*****, sb_publishable_…")
            .is_none()
    );
}
