//! Where the server behind the gateway answers otherwise than PostgREST does,
//! mended so that tests may rely on PostgREST's answer. It must not know of
//! keys and faults.
//!
//! What stays different, and what no test may rely on: totals of `PATCH` and
//! `DELETE` with `count=exact`; the messages of `PGRST301`; that a database
//! without a free slot is told of after ten seconds only.

use axum::{
    Json,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header, response::Parts},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    database::{Database, Found},
    rest::Rest,
};

/// No error is longer.
const LONGEST_ERROR: usize = 1 << 20;

/// The parameters of a query that filter nothing.
const NO_FILTERS: [&str; 6] = [
    "select",
    "columns",
    "on_conflict",
    "order",
    "limit",
    "offset",
];

/// What the server behind says with `PGRST204` of a column that is read; of one
/// that is written it says more.
const COLUMN_OF_SELECT: &str = "Column not found";

/// What must be known of a request to mend its answer.
#[derive(Debug)]
pub(crate) struct Mending<'a> {
    /// Whether the request is made as the role `anon`.
    pub(crate) is_anonymous: bool,
    pub(crate) database: &'a Database,
}

impl Mending<'_> {
    /// Asks, and mends the answer. The server behind waits ten seconds for a
    /// database that is gone; PostgREST says so at once.
    pub(crate) async fn ask(&self, rest: &Rest, request: Request) -> Response {
        tokio::select! {
            answer = rest.answer(request) => self.mend(answer).await,
            () = self.database.gone() => unavailable(),
        }
    }

    async fn mend(&self, answer: Response) -> Response {
        let status = answer.status();
        let is_error = status.is_client_error() || status.is_server_error();
        if !is_error || !answer.headers().contains_key(header::CONTENT_TYPE) {
            return answer;
        }
        let (mut parts, body) = answer.into_parts();
        let bytes = to_bytes(body, LONGEST_ERROR).await.unwrap_or_default();
        let Some((code, message)) = said_in(&bytes) else {
            return Response::from_parts(parts, Body::from(bytes));
        };
        match code.as_str() {
            // PostgREST leaves the columns of a `select` to the database.
            "PGRST204" if message == COLUMN_OF_SELECT => {
                return told(StatusCode::BAD_REQUEST, "42703", "column does not exist");
            }
            // No login at all, or none free within ten seconds: one code here.
            "PGRST500" => return self.without_session().await,
            "42501" => {
                parts.status = StatusCode::UNAUTHORIZED;
                if !self.is_anonymous {
                    parts.status = StatusCode::FORBIDDEN;
                    parts.headers.remove(header::WWW_AUTHENTICATE);
                }
            }
            "57P01" => parts.status = StatusCode::SERVICE_UNAVAILABLE,
            _ => {}
        }
        error(parts, bytes, &code)
    }

    async fn without_session(&self) -> Response {
        match self.database.knock().await {
            Found::Gone | Found::Refusing => unavailable(),
            Found::Open | Found::Silent => {
                let words = "Timed out acquiring connection from connection pool.";
                told(StatusCode::GATEWAY_TIMEOUT, "PGRST003", words)
            }
        }
    }
}

/// A hosted database refuses to change or delete every row of a table.
pub(crate) fn filterless(method: &Method, path: &str, query: &str) -> Option<Response> {
    let verb = match *method {
        Method::DELETE => "DELETE",
        Method::PATCH => "UPDATE",
        _ => return None,
    };
    let filters = query.split('&').any(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !name.is_empty() && !NO_FILTERS.contains(&name)
    });
    if filters || path.starts_with("/rpc/") {
        return None;
    }
    let words = format!("{verb} requires a WHERE clause");
    Some(told(StatusCode::BAD_REQUEST, "21000", &words))
}

fn unavailable() -> Response {
    let words = "Database connection error. Retrying the connection.";
    let mut answer = told(StatusCode::SERVICE_UNAVAILABLE, "PGRST000", words);
    let wait = HeaderValue::from_static("1");
    answer.headers_mut().insert(header::RETRY_AFTER, wait);
    answer
}

/// An error in PostgREST's form.
fn told(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "code": code, "message": message, "details": null, "hint": null });
    let (mut parts, _) = (status, Json(&body)).into_response().into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    error(parts, Bytes::from(body.to_string()), code)
}

/// The headers that PostgREST puts on every error.
fn error(mut parts: Parts, body: Bytes, code: &str) -> Response {
    if let Ok(text) = HeaderValue::from_str(&format!("PostgREST; error={code}")) {
        parts.headers.insert("proxy-status", text);
    }
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    parts.headers.insert(header::CONTENT_TYPE, json);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

/// Code and message of an error.
fn said_in(body: &[u8]) -> Option<(String, String)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = |name| body.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("code")?, text("message").unwrap_or_default()))
}
