//! The keys that open the gateway, and the tokens that PostgREST is shown. It
//! must not know where they stand in a request.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

/// Keys of today: no JWTs, and the same in every project of tests.
const PUBLISHABLE: &str = "sb_publishable_x7Kq2VbN4mWd9TzR1sHcLf_pG3yUe8J";
const SECRET: &str = "sb_secret_Zr5tQw8nYk3MvB1xJd6HcE_aL9fSg2P";

/// When the legacy keys were issued, and when they end: in 2023 and in 2100.
const ISSUED: u64 = 1_700_000_000;
const NEVER: u64 = 4_102_444_800;

/// What one key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Publishable,
    Secret,
    LegacyAnon,
    LegacyServiceRole,
}

impl Kind {
    /// Whether it opens everything.
    pub(crate) fn is_service(self) -> bool {
        matches!(self, Self::Secret | Self::LegacyServiceRole)
    }

    /// Whether it is a key of today.
    pub(crate) fn is_opaque(self) -> bool {
        matches!(self, Self::Publishable | Self::Secret)
    }

    /// Its name in what is told of keys.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Publishable => "publishable",
            Self::Secret => "secret",
            Self::LegacyAnon => "anon",
            Self::LegacyServiceRole => "service_role",
        }
    }
}

/// The four keys of a project.
#[derive(Debug)]
pub(crate) struct Keyring {
    anon: String,
    service_role: String,
}

impl Keyring {
    /// Signs the legacy keys.
    pub(crate) fn mint(secret: &str) -> anyhow::Result<Self> {
        Ok(Self {
            anon: sign(secret, &legacy("anon"))?,
            service_role: sign(secret, &legacy("service_role"))?,
        })
    }

    /// Which of the keys this is.
    pub(crate) fn kind_of(&self, key: &str) -> Option<Kind> {
        let kinds = [
            Kind::Publishable,
            Kind::Secret,
            Kind::LegacyAnon,
            Kind::LegacyServiceRole,
        ];
        kinds.into_iter().find(|kind| self.text(*kind) == key)
    }

    /// The token that stands for a key before PostgREST.
    pub(crate) fn token(&self, kind: Kind) -> &str {
        if kind.is_service() {
            return &self.service_role;
        }
        &self.anon
    }

    /// All keys by their names.
    pub(crate) fn shown(&self) -> Value {
        json!({
            Kind::Publishable.name(): self.text(Kind::Publishable),
            Kind::Secret.name(): self.text(Kind::Secret),
            Kind::LegacyAnon.name(): self.text(Kind::LegacyAnon),
            Kind::LegacyServiceRole.name(): self.text(Kind::LegacyServiceRole),
        })
    }

    fn text(&self, kind: Kind) -> &str {
        match kind {
            Kind::Publishable => PUBLISHABLE,
            Kind::Secret => SECRET,
            Kind::LegacyAnon => &self.anon,
            Kind::LegacyServiceRole => &self.service_role,
        }
    }
}

/// Tokens of signed-in users, by name: a good one, one whose time is over, and
/// one that somebody else signed.
pub(crate) fn tokens(secret: &str) -> anyhow::Result<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let user = |end: u64| {
        json!({
            "iss": "standin", "aud": "authenticated", "role": "authenticated",
            "sub": "00000000-0000-4000-8000-000000000001", "iat": ISSUED, "exp": end,
        })
    };
    Ok(json!({
        "authenticated": sign(secret, &user(NEVER))?,
        "expired": sign(secret, &user(now.saturating_sub(3_600)))?,
        "forged": sign("not-the-secret-of-this-project-but-as-long", &user(NEVER))?,
    }))
}

/// The role that a token names. The signature is not looked at here: PostgREST
/// has done so before this matters.
pub(crate) fn role_of(token: &str) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims["role"].as_str().map(str::to_owned)
}

fn legacy(role: &str) -> Value {
    json!({ "iss": "supabase", "ref": "standin", "role": role, "iat": ISSUED, "exp": NEVER })
}

fn sign(secret: &str, claims: &Value) -> anyhow::Result<String> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    Ok(encode(&Header::default(), claims, &key)?)
}
