//! A Supabase project, reached over its REST interface. Knows of local mode
//! the way to the project's database itself, its sockets and its certificates.

mod answer;
mod book;
mod client;
mod diagnose;
mod direct;
mod failure;
mod look;
mod outside;
mod page;
mod project;
mod proxy;
mod pulse;
mod redaction;
mod refusal;
mod resolver;
mod rows;
mod silence;
mod supabase_database;
mod times;
mod visit;

pub(super) use pulse::RestPulse;
pub(super) use supabase_database::SupabaseDatabase;
