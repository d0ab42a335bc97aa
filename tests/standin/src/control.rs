//! What a test tells the stand-in, under `/__`: no key is asked for here, and
//! no fault reaches it.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};

use crate::gateway::Gateway;

/// `POST` adds the fault in the body, `DELETE` takes all back, `GET` lists
/// those that wait.
pub(crate) async fn fault(
    State(gateway): State<Arc<Gateway>>,
    method: Method,
    body: String,
) -> Response {
    match method {
        Method::POST => {
            let fault = serde_json::from_str(&body).map_err(|error| error.to_string());
            match fault.and_then(|fault| gateway.faults.add(fault)) {
                Ok(()) => StatusCode::NO_CONTENT.into_response(),
                Err(words) => (StatusCode::BAD_REQUEST, words).into_response(),
            }
        }
        Method::DELETE => {
            gateway.faults.clear();
            StatusCode::NO_CONTENT.into_response()
        }
        Method::GET => Json(gateway.faults.waiting()).into_response(),
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

/// `POST` reads anew which tables there are, and answers when it is done.
pub(crate) async fn reload(State(gateway): State<Arc<Gateway>>, method: Method) -> Response {
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    match gateway.rest.reload().await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error:#}")).into_response(),
    }
}

/// `GET` lists the last requests, `DELETE` empties the list.
pub(crate) async fn requests(State(gateway): State<Arc<Gateway>>, method: Method) -> Response {
    match method {
        Method::GET => Json(gateway.requests.list()).into_response(),
        Method::DELETE => {
            gateway.requests.clear();
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}
