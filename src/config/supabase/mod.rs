//! What a Supabase project's address and key are made of. Knows nothing of
//! requests.

mod address;
mod belonging;
mod key;
mod resolve;

pub(crate) use address::name;
pub(crate) use belonging::belongs;
pub(crate) use resolve::{Resolved, resolve};
