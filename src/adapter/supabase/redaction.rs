//! Takes a secret out of text from outside, also where only a piece of it is
//! there, or where somebody has encoded it. Knows nothing of where texts are from.

use std::{collections::HashSet, fmt};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use crate::domain::is_unsafe;

/// A piece of a secret of at least so many characters is taken out.
const PIECE: usize = 8;

/// What stands in its place.
const STARS: &str = "*****";

/// Beginnings of keys that tell their kind and are no secret.
const OPEN_BEGINNINGS: [&str; 2] = ["sb_publishable_", "sb_secret_"];

/// Finds a secret and its pieces. It prints as stars itself.
#[derive(Clone)]
pub(super) struct Redaction {
    /// The secret as it is, however short.
    whole: String,
    /// For each length of a piece in some encoding, the hashes of all pieces.
    pieces: Vec<(usize, HashSet<u64>)>,
}

impl Redaction {
    /// Finds this secret. Of an empty one there is nothing to find.
    pub(super) fn of(secret: &str) -> Self {
        let open = OPEN_BEGINNINGS
            .iter()
            .find_map(|beginning| secret.strip_prefix(beginning));
        let hidden = open.unwrap_or(secret);
        let mut redaction = Self {
            whole: secret.to_owned(),
            pieces: Vec::new(),
        };
        for form in [
            hidden.to_owned(),
            hidden.to_ascii_lowercase(),
            hidden.to_ascii_uppercase(),
        ] {
            redaction.add(&form, PIECE);
        }
        let bytes = |write: fn(u8) -> String| hidden.bytes().map(write).collect::<String>();
        redaction.add(&bytes(|byte| format!("%{byte:02X}")), 3 * PIECE);
        redaction.add(&bytes(|byte| format!("%{byte:02x}")), 3 * PIECE);
        redaction.add(&bytes(|byte| format!("{byte:02X}")), 2 * PIECE);
        redaction.add(&bytes(|byte| format!("{byte:02x}")), 2 * PIECE);
        redaction.add(&bytes(|byte| format!("\\u00{byte:02X}")), 6 * PIECE);
        redaction.add(&bytes(|byte| format!("\\u00{byte:02x}")), 6 * PIECE);
        // What stands before it decides where it begins among three bytes.
        for skipped in 0..3.min(hidden.len()) {
            let rest = &hidden.as_bytes()[skipped..];
            let whole = &rest[..rest.len() - rest.len() % 3];
            let length = PIECE * 4 / 3 + 1;
            redaction.add(&STANDARD_NO_PAD.encode(whole), length);
            redaction.add(&URL_SAFE_NO_PAD.encode(whole), length);
        }
        redaction
    }

    /// The text with stars for whatever of the secret is in it. Characters that
    /// are not seen do not divide it.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.whole.is_empty() {
            return text.to_owned();
        }
        let is_hidden = self.hidden(text);
        let mut shown = String::with_capacity(text.len());
        let mut was_hidden = false;
        for (at, c) in text.char_indices() {
            let hides = is_hidden[at..at + c.len_utf8()].contains(&true);
            match (hides, was_hidden) {
                (false, _) => shown.push(c),
                (true, false) => shown.push_str(STARS),
                (true, true) => {}
            }
            was_hidden = hides;
        }
        shown
    }

    /// Which bytes belong to the secret, or to a piece of it.
    fn hidden(&self, text: &str) -> Vec<bool> {
        // What is seen, and where each of its bytes stands in the text.
        let mut seen = Vec::with_capacity(text.len());
        let mut places = Vec::with_capacity(text.len());
        for (at, c) in text.char_indices().filter(|(_, c)| !is_unsafe(*c)) {
            let bytes = &text.as_bytes()[at..at + c.len_utf8()];
            seen.extend_from_slice(bytes);
            places.extend(at..at + bytes.len());
        }
        let mut is_hidden = vec![false; text.len()];
        let mut hide = |at: usize, length: usize| {
            is_hidden[places[at]..=places[at + length - 1]].fill(true);
        };
        let whole = self.whole.as_bytes();
        for (at, window) in seen.windows(whole.len()).enumerate() {
            if window == whole {
                hide(at, whole.len());
            }
        }
        for (length, hashes) in &self.pieces {
            for (at, window) in seen.windows(*length).enumerate() {
                if hashes.contains(&hash(window)) {
                    hide(at, *length);
                }
            }
        }
        is_hidden
    }

    fn add(&mut self, form: &str, length: usize) {
        let hashes = form.as_bytes().windows(length).map(hash);
        match self.pieces.iter_mut().find(|(known, _)| *known == length) {
            Some((_, known)) => known.extend(hashes),
            None => self.pieces.push((length, hashes.collect())),
        }
    }
}

/// FNV-1a. Where two texts had the same hash, a harmless one would be hidden.
fn hash(piece: &[u8]) -> u64 {
    piece.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sb_secret_Zr5tQw8nYk3MvB1xJd6HcE_aL9fSg2P";
    const HIDDEN: &str = "Zr5tQw8nYk3MvB1xJd6HcE_aL9fSg2P";

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(Redaction::of(KEY).redact(text), expected);
    }

    #[test]
    fn a_secret_is_found_whole_and_in_pieces() {
        check(&format!("no {KEY}!"), "no *****!");
        check(&format!("no {}…", &KEY[..20]), "no sb_secret_*****…");
        check(&format!("ends {}", &KEY[KEY.len() - PIECE..]), "ends *****");
        check(&format!("é{HIDDEN}é{HIDDEN}é"), "é*****é*****é");
        check(&HIDDEN.to_lowercase(), STARS);
        // Less than a piece, and what tells the kind alone.
        check("sb_secret_Zr5tQw8", "sb_secret_Zr5tQw8");
        check("the key is of no known form", "the key is of no known form");
        assert_eq!(Redaction::of("").redact("anything"), "anything");
        assert_eq!(Redaction::of("abc").redact("an abc"), "an *****");
    }

    #[test]
    fn an_encoded_secret_is_found_wherever_it_begins() {
        let all = |write: fn(u8) -> String| KEY.bytes().map(write).collect::<String>();
        let percent = all(|byte| format!("%{byte:02x}"));
        assert!(Redaction::of(KEY).redact(&percent).ends_with(STARS));
        let escaped = all(|byte| format!("\\u00{byte:02X}"));
        assert!(Redaction::of(KEY).redact(&escaped).ends_with(STARS));
        let hex = all(|byte| format!("{byte:02x}"));
        assert!(Redaction::of(KEY).redact(&hex).ends_with(STARS));
        for before in ["", "u", "ue", "Bearer "] {
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let encoded = engine.encode(format!("{before}{KEY}"));
                let shown = Redaction::of(KEY).redact(&encoded);
                let left = shown.replace(STARS, "");
                // The open beginning stays, and a few characters at the seams.
                let open = engine.encode(format!("{before}sb_secret_")).len();
                assert!(left.len() <= open + 8, "{encoded}: {shown}");
            }
        }
    }

    #[test]
    fn it_prints_as_stars() {
        assert_eq!(format!("{:?}", Redaction::of(KEY)), STARS);
    }
}
