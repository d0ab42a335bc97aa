//! TLS to a PostgreSQL server as libpq does it. Knows nothing of logins.

mod client_config;
mod negotiate;
mod verifier;

pub(super) use client_config::{judge_chain, trusting_config};
pub(in crate::adapter) use client_config::{judge_system, system_tls, trusting_system_tls};
pub(super) use negotiate::{Channel, Handover, Negotiation, ask_for_tls, negotiate};
