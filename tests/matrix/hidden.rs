//! Texts that nobody may ever see, and whether one stands in a text. It must
//! not know what they open.

/// So many characters of a secret in a row are taken for it: a long one may be
/// cut or broken over lines.
const PART: usize = 16;

/// Secrets, in parts that overlap.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hidden {
    parts: Vec<String>,
}

impl Hidden {
    /// These secrets; an empty one is none.
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let parts = secrets.into_iter().flat_map(|secret| {
            let whole: Vec<char> = secret.chars().collect();
            let last = whole.len().saturating_sub(PART);
            let starts = (0..last).step_by(PART / 2).chain([last]);
            let parts: Vec<String> = starts
                .map(|start| whole[start..].iter().take(PART).collect())
                .collect();
            parts
        });
        Self {
            parts: parts.filter(|part| !part.is_empty()).collect(),
        }
    }

    /// A part of a secret that stands in this text.
    pub(crate) fn shown_in(&self, text: &str) -> Option<&str> {
        let mut parts = self.parts.iter();
        let found = parts.find(|part| text.contains(part.as_str()))?;
        Some(found)
    }
}

/// Shows texts with a secret to the search, and one without.
pub(crate) fn prove() {
    let key = "sb_secret_0123456789abcdefghijklmnop";
    let hidden = Hidden::of([key, "", "short"]);
    assert_eq!(
        hidden.shown_in("as secret key at http://short_url"),
        Some("short")
    );
    let hidden = Hidden::of([key]);
    assert_eq!(
        hidden.shown_in("secret key sb_secret_… of 46 characters"),
        None
    );
    for text in [
        key.to_owned(),
        format!("\"{key}\""),
        format!("{}\n", &key[4..32]),
    ] {
        assert!(hidden.shown_in(&text).is_some(), "not found in: {text}");
    }
    assert!(hidden.shown_in(&format!("…{}", &key[20..])).is_some());
}
