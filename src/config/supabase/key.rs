//! The kind of a key and the role that a signed token names. Checks no
//! signature: only the project can.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::domain::KeyKind;

const PUBLISHABLE: &str = "sb_publishable_";
const SECRET: &str = "sb_secret_";

/// How every JSON object begins in base64: `{"`.
const TOKEN: &str = "eyJ";

/// A role longer than this is none.
const LONGEST_ROLE: usize = 63;

/// The key's kind, and its role where that is known.
pub(super) fn read(key: &str) -> (KeyKind, Option<String>) {
    let kind = if key.starts_with(PUBLISHABLE) {
        KeyKind::Publishable
    } else if key.starts_with(SECRET) {
        KeyKind::Secret
    } else if key.starts_with(TOKEN) {
        let role = role_of(key);
        return (KeyKind::of_token(role.as_deref()), role);
    } else {
        KeyKind::Unknown
    };
    (kind, kind.role().map(ToOwned::to_owned))
}

/// Whether it can be sent at all.
pub(super) fn is_sendable(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The claim `role` of a token's payload, its second part.
fn role_of(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    let role = payload.get("role")?.as_str()?;
    (role.len() <= LONGEST_ROLE).then(|| role.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, kind: KeyKind, role: Option<&str>) {
        assert_eq!(read(key), (kind, role.map(ToOwned::to_owned)));
    }

    fn token(payload: &str) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        format!("{header}.{}.c2lnbmVk", URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn the_form_tells_the_kind_and_the_kind_or_the_token_the_role() {
        check("sb_publishable_abc", KeyKind::Publishable, Some("anon"));
        check("sb_secret_abc", KeyKind::Secret, Some("service_role"));
        let anon = token(r#"{"iss":"supabase","role":"anon"}"#);
        check(&anon, KeyKind::LegacyAnon, Some("anon"));
        let service = token(r#"{"role":"service_role"}"#);
        check(&service, KeyKind::LegacyServiceRole, Some("service_role"));
        let other = token(r#"{"role":"app"}"#);
        check(&other, KeyKind::Token, Some("app"));
    }

    #[test]
    fn what_is_no_token_names_no_role() {
        check(&token("[]"), KeyKind::Token, None);
        check(&token(r#"{"role":7}"#), KeyKind::Token, None);
        check("eyJ.%%%.x", KeyKind::Token, None);
        check("eyJ", KeyKind::Token, None);
        check("", KeyKind::Unknown, None);
        check("password", KeyKind::Unknown, None);
    }

    #[test]
    fn a_key_is_of_visible_characters() {
        assert!(is_sendable("sb_secret_a-_."));
        for key in ["a b", "a\n", "schlüssel"] {
            assert!(!is_sendable(key), "{key}");
        }
    }
}
