//! The one place that decides how a text of a source may be shown. Knows
//! nothing of keys; it goes by what a text looks like.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::domain::{Secret, clean};

/// The text with control characters made visible; nothing but stars when it
/// may hold credentials.
///
/// Anything that is typed may stand in the wrong place: a connection URL given
/// as `--mode` is a password in an error message, unless every value that is
/// shown goes through here.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if may_hold_credentials(text) {
        return Cow::Owned(Secret::default().to_string());
    }
    clean(text)
}

/// Whether a text looks like a URL, like `user:password@host`, like a
/// `password=…` setting or like a project's key, plainly or percent-encoded.
pub(crate) fn may_hold_credentials(text: &str) -> bool {
    looks_so(text)
        || (text.contains('%') && looks_so(&percent_decode_str(text).decode_utf8_lossy()))
}

/// Whether a key of a project stands in a text, plainly or percent-encoded.
pub(crate) fn may_hold_key(text: &str) -> bool {
    holds_key(text)
        || (text.contains('%') && holds_key(&percent_decode_str(text).decode_utf8_lossy()))
}

fn looks_so(text: &str) -> bool {
    text.contains("://") || has_user_info(text) || sets_password(text) || holds_key(text)
}

/// A key of a Supabase project of either form. Whoever mixes two variables up
/// must not find it in the complaint.
fn holds_key(text: &str) -> bool {
    text.contains("sb_secret_")
        || text.contains("sb_publishable_")
        || text
            .match_indices("eyJ")
            .any(|(at, _)| text[at..].len() >= SHORTEST_TOKEN)
}

/// Signed tokens are longer than this: the shortest header alone is so long, and
/// in a file it may be all that was read as a key.
const SHORTEST_TOKEN: usize = 20;

/// A colon and, before the next blank, an `@`.
fn has_user_info(text: &str) -> bool {
    text.split_whitespace().any(|word| {
        word.split_once(':')
            .is_some_and(|(_, rest)| rest.contains('@'))
    })
}

/// `password`, whatever its case, then an equals sign or colon; blanks may
/// stand between.
fn sets_password(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.split("password")
        .skip(1)
        .any(|rest| rest.trim_start().starts_with(['=', ':']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn what_looks_like_credentials_is_stars() {
        for text in [
            "postgres://u:Zq9@h/d",
            "postgres://u:Zq9",
            "u:Zq9@h/d",
            "at u:Zq9@h",
            "host=h password=Zq9",
            "PGPASSWORD = Zq9",
            "postgres%3A%2F%2Fu%3AZq9%40h",
            "sb_secret_Zq9",
            "the key sb_publishable_Zq9",
            "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.Zq9",
            "eyJhbGciOiJIUzI1NiJ9",
        ] {
            check(text, "*****");
        }
    }

    #[test]
    fn all_else_is_shown_as_it_is() {
        check("config.toml", "config.toml");
        check("me@example", "me@example");
        check("a heyJude", "a heyJude");
        check("at 10:30 me@example", "at 10:30 me@example");
        check("[::1]:5432", "[::1]:5432");
        check("the password", "the password");
        check("100%\u{1b}", "100%<1B>");
    }
}
