//! Which of the commands about migrations is carried out.

use std::{io::Write, sync::Arc};

use uuid::Uuid;

use crate::{
    adapter::Database,
    cli::{
        exit::Outcome,
        migrate::{
            MigrateTask,
            adopt::adopt,
            status::{Told, look},
            up::up,
        },
    },
    config::Config,
    domain::ConnectionId,
};

/// Carries out a command about migrations and prints what came of it.
pub async fn migrate(config: &Config, task: &MigrateTask, out: &mut dyn Write) -> Outcome {
    let id = ConnectionId(Uuid::now_v7());
    // A run is told as a whole; its operation goes nowhere else.
    let database = Database::new(&config.adapter, id, Arc::new(|_| {}));
    match task {
        MigrateTask::Status(format) => look(config, &database, Told::Status, *format, out).await,
        MigrateTask::Plan(format) => look(config, &database, Told::Plan, *format, out).await,
        MigrateTask::Up(options) => up(config, &database, options, out).await,
        MigrateTask::Adopt(options) => adopt(config, &database, options, out).await,
    }
}
