//! The PostgREST-compatible server, with the settings of a hosted project. It
//! must not know that a gateway stands before it.

use std::sync::Arc;

use axum::{Router, extract::Request, response::Response};
use postrust_core::AppConfig;
use postrust_server::{AppState, Host};
use tower::ServiceExt;

use crate::settings::Settings;

/// How long the two roles' statements may take, in ms.
const ROLE_SETTINGS: &str =
    r#"{"anon":{"statement_timeout":3000},"authenticated":{"statement_timeout":8000}}"#;

/// The server behind the gateway.
pub(crate) struct Rest {
    router: Router,
    state: Arc<AppState>,
}

impl Rest {
    /// Connects, and reads which tables there are.
    pub(crate) async fn over(settings: &Settings) -> anyhow::Result<Self> {
        let config = AppConfig::try_from_vars([
            ("PGRST_DB_URI", settings.database.as_str()),
            ("PGRST_DB_SCHEMAS", "public"),
            ("PGRST_DB_ANON_ROLE", "anon"),
            ("PGRST_DB_EXTRA_SEARCH_PATH", "public,extensions"),
            ("PGRST_DB_MAX_ROWS", "1000"),
            ("PGRST_DB_CHANNEL_ENABLED", "true"),
            ("PGRST_DB_POOL", "10"),
            ("PGRST_DB_POOL_TIMEOUT", "10"),
            ("PGRST_COMPAT_MODE", "true"),
            ("PGRST_JWT_SECRET", settings.jwt_secret.as_str()),
            ("PGRST_ROLE_SETTINGS", ROLE_SETTINGS),
        ])?;
        let app = postrust_server::build(config, Host::SERVER).await?;
        Ok(Self {
            router: app.router,
            state: app.state,
        })
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Reads anew which tables there are.
    pub(crate) async fn reload(&self) -> anyhow::Result<()> {
        Ok(self.state.reload_schema().await?)
    }
}
