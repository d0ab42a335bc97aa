//! What kind of key opens a Supabase project, and what follows from its kind.
//! Knows no key: only what may be shown of one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a Supabase key, told from its form alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyKind {
    /// `sb_publishable_…`: opens what the role `anon` may reach.
    Publishable,
    /// `sb_secret_…`: opens what the role `service_role` may reach.
    Secret,
    /// A signed token whose payload says `anon`.
    LegacyAnon,
    /// A signed token whose payload says `service_role`.
    LegacyServiceRole,
    /// A signed token of another role, or of none that could be read.
    Token,
    /// Of no known form.
    Unknown,
}

/// The role of the publishable key, by Supabase's own rule.
const ANON: &str = "anon";

/// The role of the secret key, by Supabase's own rule.
const SERVICE_ROLE: &str = "service_role";

impl KeyKind {
    /// The words used on the screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
            Self::LegacyAnon => "legacy anon",
            Self::LegacyServiceRole => "legacy service_role",
            Self::Token => "a token of another role",
            Self::Unknown => "of no known form",
        }
    }

    /// A signed token of this role.
    #[must_use]
    pub fn of_token(role: Option<&str>) -> Self {
        match role {
            Some(ANON) => Self::LegacyAnon,
            Some(SERVICE_ROLE) => Self::LegacyServiceRole,
            Some(_) | None => Self::Token,
        }
    }

    /// Whether the key is a signed token, which is sent as a bearer token too.
    #[must_use]
    pub const fn is_token(self) -> bool {
        match self {
            Self::LegacyAnon | Self::LegacyServiceRole | Self::Token => true,
            Self::Publishable | Self::Secret | Self::Unknown => false,
        }
    }

    /// The role that the kind itself stands for; a token says its role itself.
    #[must_use]
    pub const fn role(self) -> Option<&'static str> {
        match self {
            Self::Publishable | Self::LegacyAnon => Some(ANON),
            Self::Secret | Self::LegacyServiceRole => Some(SERVICE_ROLE),
            Self::Token | Self::Unknown => None,
        }
    }

    /// How far the role may be believed: nothing here checks a signature.
    #[must_use]
    pub const fn role_is_from(self) -> &'static str {
        match self {
            Self::Publishable | Self::Secret => "by the key's kind",
            Self::LegacyAnon | Self::LegacyServiceRole | Self::Token => {
                "read from the key, unverified"
            }
            Self::Unknown => "not known",
        }
    }

    /// Whether row-level security hides nothing from the key's role.
    #[must_use]
    pub const fn sees_every_row(self) -> bool {
        match self {
            Self::Secret | Self::LegacyServiceRole => true,
            Self::Publishable | Self::LegacyAnon | Self::Token | Self::Unknown => false,
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_role() {
        assert_eq!(KeyKind::of_token(Some("anon")), KeyKind::LegacyAnon);
        let service = KeyKind::of_token(Some("service_role"));
        assert_eq!(service, KeyKind::LegacyServiceRole);
        assert!(service.sees_every_row() && service.is_token());
        for role in [Some("authenticated"), None] {
            let other = KeyKind::of_token(role);
            assert!(other == KeyKind::Token && !other.sees_every_row());
        }
    }
}
