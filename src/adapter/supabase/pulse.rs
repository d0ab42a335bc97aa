//! Signs of life of a project: small requests over the client that is kept.
//! Knows nothing of when they are due.

use std::future::pending;

use crate::{
    adapter::{DbResult, supabase::SupabaseDatabase, vigil::Pulse},
    domain::DbError,
};

/// A guard's way to a project. There is no connection that could end: each
/// request stands for itself.
#[derive(Debug)]
pub(in crate::adapter) struct RestPulse<'a> {
    pub(super) database: &'a SupabaseDatabase,
}

impl Pulse for RestPulse<'_> {
    async fn beat(&mut self) -> DbResult<()> {
        self.database.beat().await
    }

    async fn end(&mut self) -> DbError {
        pending().await
    }
}
