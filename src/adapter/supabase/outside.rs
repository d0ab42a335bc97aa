//! Text from the other side of the wire. It can be looked at, but shown only
//! through the project, which takes its key out before anything is cut.

use std::fmt;

use hyper::header::HeaderValue;

use crate::{adapter::supabase::project::Project, domain::excerpt};

/// A text as it came. It has no `Display`, and prints as its length alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Outside(String);

impl Outside {
    /// What is no UTF-8 in it is replaced.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(String::from_utf8_lossy(bytes).trim().to_owned())
    }

    /// The text of a header.
    pub(super) fn header(value: &HeaderValue) -> Self {
        Self::of(value.as_bytes())
    }

    /// The text, to be looked at and never to be shown.
    pub(super) fn raw(&self) -> &str {
        &self.0
    }

    /// The text without the key or a piece of it, made safe, and only then cut.
    pub(super) fn shown(&self, project: &Project) -> String {
        excerpt(&project.without_key(&self.0))
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adapter::supabase::project::tests::keyed, domain::KeyKind};

    const KEY: &str = "sb_secret_Zr5tQw8nYk3MvB1xJd6HcE";

    #[test]
    fn the_key_is_taken_out_before_the_text_is_cut() {
        let project = keyed(KeyKind::Secret, KEY);
        // Of each only the beginning of the key would be left by a cut.
        for kept in 1..KEY.len() {
            let text = format!("{}{KEY}", "x".repeat(2048 - kept));
            let shown = Outside::of(text.as_bytes()).shown(&project);
            assert!(!shown.contains(&KEY["sb_secret_".len()..][..3]), "{shown}");
        }
    }

    #[test]
    fn what_is_not_seen_divides_no_key() {
        let project = keyed(KeyKind::Secret, KEY);
        let divided: String = KEY.chars().flat_map(|c| [c, '\u{200b}']).collect();
        let shown = Outside::of(divided.as_bytes()).shown(&project);
        assert!(!shown.contains('Z') && shown.contains("*****"), "{shown}");
        assert!(!format!("{:?}", Outside::of(KEY.as_bytes())).contains('Z'));
    }
}
