//! What was asked lately, for tests that look at requests. It must not know
//! what was answered beyond its status, and it keeps no key.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use serde::Serialize;

use crate::keys::{Keyring, Kind};

/// How many requests are kept; older ones are dropped, and counted.
const KEPT: usize = 1_000;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Seen {
    method: String,
    /// Path and query as they were sent.
    target: String,
    user_agent: Option<String>,
    prefer: Option<String>,
    /// The kind of the key in `apikey`: a name, `none` or `unknown`.
    apikey: &'static str,
    /// The same of what is behind `Bearer` in `Authorization`; `token` for
    /// what is no key.
    bearer: &'static str,
    /// 0 while there is none.
    status: u16,
}

impl Seen {
    /// Looks at a request.
    pub(crate) fn of(request: &Request, keys: &Keyring) -> Self {
        let text = |name| text_of(request.headers(), name);
        let named = |key: &str| keys.kind_of(key).map(Kind::name);
        let apikey = text("apikey").map(|key| named(key).unwrap_or("unknown"));
        let bearer = text(header::AUTHORIZATION.as_str())
            .and_then(|text| text.strip_prefix("Bearer "))
            .map(|token| named(token).unwrap_or("token"));
        Self {
            method: request.method().to_string(),
            target: request.uri().to_string(),
            user_agent: text("user-agent").map(str::to_owned),
            prefer: text("prefer").map(str::to_owned),
            apikey: apikey.unwrap_or("none"),
            bearer: bearer.unwrap_or("none"),
            status: 0,
        }
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    kept: Mutex<Kept>,
}

/// What the list looks like from outside.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Kept {
    /// How many there were before those that are kept, of which none is told.
    #[serde(skip)]
    before: u64,
    dropped: u64,
    requests: VecDeque<Seen>,
}

/// The number of a request since the start.
pub(crate) struct Number(u64);

impl Requests {
    /// Writes a request down before it is answered.
    pub(crate) fn begin(&self, seen: Seen) -> Number {
        let mut kept = self.lock();
        kept.requests.push_back(seen);
        if kept.requests.len() > KEPT {
            kept.requests.pop_front();
            kept.before += 1;
            kept.dropped += 1;
        }
        Number(kept.before + kept.requests.len() as u64 - 1)
    }

    /// Adds the answer's status.
    pub(crate) fn end(&self, number: &Number, status: StatusCode) {
        let mut kept = self.lock();
        let place = number.0.checked_sub(kept.before);
        let place = place.and_then(|place| usize::try_from(place).ok());
        if let Some(seen) = place.and_then(|place| kept.requests.get_mut(place)) {
            seen.status = status.as_u16();
        }
    }

    /// A copy of the list.
    pub(crate) fn list(&self) -> Kept {
        self.lock().clone()
    }

    /// Empties the list.
    pub(crate) fn clear(&self) {
        let mut kept = self.lock();
        kept.before += kept.requests.len() as u64;
        kept.dropped = 0;
        kept.requests.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
