//! dbvitals shows the vital signs of one database connection in a terminal,
//! and makes sure that a failing connection is never silent.

pub mod domain;

pub mod config;

pub mod adapter;

pub mod backend;

pub mod tui;

pub mod cli;
