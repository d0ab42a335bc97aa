//! Answers that only the hosted edge gives, put in the place of the true ones.
//! It must not know how a true answer comes about.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What shall happen to requests. Every field may be left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fault {
    /// The answer's status, from 200 to 599. Without one the true answer is
    /// given, after the delay.
    status: Option<u16>,
    /// The answer's body: a text, or JSON that becomes one.
    body: Value,
    /// `application/json` when it is left out.
    content_type: Option<String>,
    /// More headers of the answer.
    headers: BTreeMap<String, String>,
    /// How long the answer is held back, in ms.
    delay_ms: u64,
    /// How many requests it meets. 0, or nothing: every one, until it is cleared.
    times: u64,
    /// Only requests by this method.
    method: Option<String>,
    /// Only requests whose path begins so.
    path: Option<String>,
    /// Whether the request is carried out all the same, before the delay: a
    /// write is done then, although the answer says something else.
    carried_out: bool,
}

/// What to do with one request that a fault meets.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) delay: Duration,
    pub(crate) carried_out: bool,
    /// None: the true answer.
    pub(crate) answer: Option<Response>,
}

/// The faults that wait for requests, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Adds one behind the others. A request is met by the first that fits, so
    /// one that lasts hides those behind it.
    ///
    /// # Errors
    /// What is wrong with the fault.
    pub(crate) fn add(&self, fault: Fault) -> Result<(), String> {
        fault.answer()?;
        self.lock().push(fault);
        Ok(())
    }

    /// Takes all back.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Those that still wait.
    pub(crate) fn waiting(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// The first that meets this request; it counts down.
    pub(crate) fn meet(&self, method: &Method, path: &str) -> Option<Met> {
        let mut waiting = self.lock();
        let place = waiting.iter().position(|fault| fault.fits(method, path))?;
        let fault = waiting[place].clone();
        match fault.times {
            0 => {}
            1 => drop(waiting.remove(place)),
            more => waiting[place].times = more - 1,
        }
        Some(Met {
            delay: Duration::from_millis(fault.delay_ms),
            carried_out: fault.carried_out,
            // It was tried out when it was added.
            answer: fault.answer().ok().flatten(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    fn fits(&self, method: &Method, path: &str) -> bool {
        let by_method = self
            .method
            .as_ref()
            .is_none_or(|name| name == method.as_str());
        by_method
            && self
                .path
                .as_ref()
                .is_none_or(|start| path.starts_with(start))
    }

    fn answer(&self) -> Result<Option<Response>, String> {
        let Some(number) = self.status else {
            return Ok(None);
        };
        let status = StatusCode::from_u16(number).ok();
        let status = status
            .filter(|status| (200..600).contains(&status.as_u16()))
            .ok_or_else(|| format!("{number} is no status of an answer"))?;
        let text = match &self.body {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut answer = Response::new(Body::from(text));
        *answer.status_mut() = status;
        let content_type = self.content_type.as_deref().unwrap_or("application/json");
        let headers = self
            .headers
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()));
        for (name, text) in headers.chain([(header::CONTENT_TYPE.as_str(), content_type)]) {
            let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
            let text = HeaderValue::try_from(text).map_err(|error| error.to_string())?;
            answer.headers_mut().insert(name, text);
        }
        Ok(Some(answer))
    }
}
