//! A stand-in for a hosted Supabase project: its Data API in a process of its
//! own (`tests/standin`), over a cluster of ours. It must not know who asks it.

pub(crate) mod answers;
mod build;
mod builder;
mod fault;
mod http;
mod instance;

pub(crate) use builder::Builder;
pub(crate) use fault::Fault;
pub(crate) use http::{Answer, Request};
pub(crate) use instance::{Key, Standin, Token};
