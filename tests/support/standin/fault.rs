//! An answer that only the hosted edge gives. It must not know how it is put
//! in the place of the true one.

use std::time::Duration;

use serde_json::{Value, json};

/// What shall happen to requests; begins with [`Fault::status`] or [`Fault::delay`].
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    fields: Value,
}

impl Fault {
    /// Answers with this status and an empty body, every request, until it is
    /// cleared.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            fields: json!({ "status": status }),
        }
    }

    /// Gives true answers, so much later.
    pub(crate) fn delay(delay: Duration) -> Self {
        Self { fields: json!({}) }.late(delay)
    }

    /// A body of JSON.
    pub(crate) fn json(self, body: &Value) -> Self {
        let text = body.to_string();
        self.body("application/json", &text)
    }

    /// A body of any kind.
    pub(crate) fn body(self, content_type: &str, text: &str) -> Self {
        self.with("content_type", content_type.into())
            .with("body", text.into())
    }

    /// One more header.
    pub(crate) fn header(mut self, name: &str, text: &str) -> Self {
        self.fields["headers"][name] = text.into();
        self
    }

    /// Holds the answer back.
    pub(crate) fn late(self, delay: Duration) -> Self {
        let delay = u64::try_from(delay.as_millis()).expect("a delay of a test");
        self.with("delay_ms", delay.into())
    }

    /// Meets only so many requests, at least one.
    pub(crate) fn times(self, times: u64) -> Self {
        assert!(times > 0, "a fault that meets no request is none");
        self.with("times", times.into())
    }

    /// Meets only requests by this method.
    pub(crate) fn method(self, method: &str) -> Self {
        self.with("method", method.into())
    }

    /// Meets only requests whose path begins so.
    pub(crate) fn path(self, start: &str) -> Self {
        self.with("path", start.into())
    }

    /// Carries the request out all the same, before the delay.
    pub(crate) fn carried_out(self) -> Self {
        self.with("carried_out", true.into())
    }

    /// As the stand-in reads it.
    pub(super) fn text(&self) -> String {
        self.fields.to_string()
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.fields[name] = value;
        self
    }
}
