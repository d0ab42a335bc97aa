//! What stands before a hosted project's PostgREST: the edge with its faults,
//! the check of the key, the token made from it, and the paths. It must not
//! know how PostgREST answers.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    database::Database,
    faults::Faults,
    keys::{self, Keyring, Kind},
    mending::{self, Mending},
    requests::{Requests, Seen},
    rest::Rest,
};

/// The most bytes of target and headers that the edge lets through.
const LONGEST_HEAD: usize = 16 * 1024;

/// Where PostgREST is found.
const PREFIX: &str = "/rest/v1/";

/// Everything that an answer needs.
pub(crate) struct Gateway {
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    pub(crate) rest: Rest,
    keys: Keyring,
    database: Database,
}

/// Answers whatever is not for the stand-in itself.
pub(crate) async fn answer(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let seen = Seen::of(&request, &gateway.keys);
    let number = gateway.requests.begin(seen);
    let answer = gateway.at_the_edge(request).await;
    gateway.requests.end(&number, answer.status());
    answer
}

impl Gateway {
    /// Before the first request.
    pub(crate) fn new(keys: Keyring, rest: Rest, database: Database) -> Self {
        Self {
            faults: Faults::default(),
            requests: Requests::default(),
            rest,
            keys,
            database,
        }
    }

    async fn at_the_edge(&self, request: Request) -> Response {
        let Some(met) = self.faults.meet(request.method(), request.uri().path()) else {
            return self.check_key(request).await;
        };
        if met.carried_out {
            let truth = self.check_key(request).await;
            sleep(met.delay).await;
            return met.answer.unwrap_or(truth);
        }
        sleep(met.delay).await;
        match met.answer {
            Some(answer) => answer,
            None => self.check_key(request).await,
        }
    }

    async fn check_key(&self, request: Request) -> Response {
        if head_length(&request) > LONGEST_HEAD {
            let status = StatusCode::from_u16(520).expect("it has three digits");
            return (status, "error code: 520").into_response();
        }
        let Some(key) = key_of(&request) else {
            return refuse(
                "No API key found in request",
                "No `apikey` request header or url param was found.",
            );
        };
        let Some(kind) = self.keys.kind_of(&key) else {
            return refuse(
                "Invalid API key",
                "Double check your Supabase `anon` or `service_role` API key.",
            );
        };
        if kind == Kind::Secret && is_browser(request.headers()) {
            return refuse(
                "Forbidden use of secret API key in browser",
                "Secret API keys can only be used in a protected environment.",
            );
        }
        self.route(request, &key, kind).await
    }

    async fn route(&self, mut request: Request, key: &str, kind: Kind) -> Response {
        let role = self.put_token(request.headers_mut(), key, kind);
        let path = request.uri().path().to_owned();
        let inner = match path.as_str() {
            "/auth/v1/health" => {
                return Json(json!({ "version": "standin", "name": "GoTrue" })).into_response();
            }
            "/rest-admin/v1/live" => return StatusCode::OK.into_response(),
            "/rest-admin/v1/ready" => "/_/ready",
            "/rest/v1" | "/rest/v1/" if !kind.is_service() => return only_for_secret(kind),
            "/rest/v1" => "/",
            path => match path.strip_prefix(PREFIX) {
                Some(_) => &path[PREFIX.len() - 1..],
                None => return no_such_path(),
            },
        };
        let query = query_without_key(request.uri());
        if let Some(refusal) = mending::filterless(request.method(), inner, &query) {
            return refusal;
        }
        let target = match query.as_str() {
            "" => inner.to_owned(),
            query => format!("{inner}?{query}"),
        };
        let Ok(target) = target.parse::<Uri>() else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        *request.uri_mut() = target;
        let mending = Mending {
            is_anonymous: role == "anon",
            database: &self.database,
        };
        let answer = mending.ask(&self.rest, request).await;
        if inner == "/_/ready" {
            // PostgREST's own answer there has no body.
            return answer.status().into_response();
        }
        answer
    }

    /// Leaves a token of the client's own where it is; puts the key's there
    /// where there is none, or only the key once more. Gives the role.
    fn put_token(&self, headers: &mut HeaderMap, key: &str, kind: Kind) -> String {
        headers.remove("apikey");
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|text| text.to_str().ok())
            .and_then(|text| text.strip_prefix("Bearer "))
            .filter(|token| *token != key);
        let own = bearer.map(keys::role_of);
        if let Some(role) = own {
            return role.unwrap_or_else(|| "anon".to_owned());
        }
        let token = self.keys.token(kind);
        if let Ok(text) = HeaderValue::from_str(&format!("Bearer {token}")) {
            headers.insert(header::AUTHORIZATION, text);
        }
        keys::role_of(token).unwrap_or_else(|| "anon".to_owned())
    }
}

// === what the gateway itself answers ===

/// A refusal by the gateway has no code in its body: only PostgREST's has.
fn refuse(message: &str, hint: &str) -> Response {
    let body = Json(json!({ "message": message, "hint": hint }));
    (StatusCode::UNAUTHORIZED, body).into_response()
}

fn only_for_secret(kind: Kind) -> Response {
    if kind.is_opaque() {
        return refuse(
            "Secret API key required",
            "Only secret API keys can be used for this endpoint.",
        );
    }
    refuse(
        "Invalid API key",
        "Only the `service_role` API key can be used for this endpoint.",
    )
}

fn no_such_path() -> Response {
    let body = Json(json!({ "error": "requested path is invalid" }));
    (StatusCode::NOT_FOUND, body).into_response()
}

// === what it looks at ===

fn head_length(request: &Request) -> usize {
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, text)| name.as_str().len() + text.len())
        .sum();
    request.uri().to_string().len() + headers
}

fn key_of(request: &Request) -> Option<String> {
    let in_header = request.headers().get("apikey");
    let in_header = in_header.and_then(|text| text.to_str().ok());
    let in_query = request.uri().query().and_then(|query| {
        query
            .split('&')
            .find_map(|part| part.strip_prefix("apikey="))
    });
    let key = in_header.or(in_query)?;
    (!key.is_empty()).then(|| key.to_owned())
}

/// PostgREST would take the key for a filter.
fn query_without_key(uri: &Uri) -> String {
    let parts = uri.query().unwrap_or_default().split('&');
    let kept: Vec<&str> = parts
        .filter(|part| !part.is_empty() && !part.starts_with("apikey="))
        .collect();
    kept.join("&")
}

fn is_browser(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT);
    agent.is_some_and(|text| text.to_str().is_ok_and(|text| text.contains("Mozilla")))
}
