//! Many callers at once.

use std::sync::Arc;

use dbvitals::adapter::{DatabaseAdapter, DbResult, SqlValue};
use serde_json::{Value, json};

use crate::{
    bed::Bed,
    cases::{add_agent, add_command, count, id_of},
};

const TASKS: usize = 50;

/// Runs as many tasks at once, and gives what each of them gave.
async fn at_once<A, T, F>(bed: &Bed<A>, work: impl Fn(usize, Arc<A>) -> F) -> Vec<T>
where
    A: DatabaseAdapter,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| tokio::spawn(work(number, Arc::clone(&bed.adapter))))
        .collect();
    let mut done = Vec::with_capacity(TASKS);
    for task in tasks {
        done.push(task.await.expect("a task ends well"));
    }
    done
}

/// What one agent does: it appears, works through a command and is found again.
async fn work_of_an_agent<A: DatabaseAdapter>(number: usize, adapter: Arc<A>) -> DbResult<Value> {
    let name = format!("agent {number}");
    let data = json!({"name": name, "type": "custom", "metadata": {"number": number}});
    let agent: Value = adapter.insert("agents", &data).await?;
    let data = json!({"agent_id": agent["id"], "command": name});
    let command: Value = adapter.insert("commands", &data).await?;
    let id = id_of(&command);
    let sql = "insert into terminal_outputs (command_id, agent_id, type, output, sequence) \
        values ($1, $2, 'stdout', $3, $4)";
    let (agent_id, output) = (id_of(&agent), name.clone());
    adapter
        .transaction(move |client| {
            Box::pin(async move {
                for sequence in 0..3 {
                    let params = [
                        SqlValue::Uuid(id),
                        SqlValue::Uuid(agent_id),
                        SqlValue::Text(output.clone()),
                        SqlValue::Int(sequence),
                    ];
                    client.query(sql, &params).await?;
                }
                Ok(())
            })
        })
        .await?;
    let done = json!({"priority": number});
    let command: Value = adapter.update("commands", &id.to_string(), &done).await?;
    assert_eq!(command["priority"], number);
    let sql = "select output from terminal_outputs where command_id = $1 order by sequence";
    let outputs: Vec<Value> = adapter.query(sql, &[SqlValue::Uuid(id)]).await?;
    assert_eq!(outputs, vec![json!({"output": name}); 3]);
    Ok(agent)
}

pub(crate) async fn fifty_tasks_write_and_read_at_once<A: DatabaseAdapter>(bed: &Bed<A>) {
    for (number, agent) in at_once(bed, work_of_an_agent).await.into_iter().enumerate() {
        let agent = agent.expect("no task is turned away");
        assert_eq!(agent["metadata"], json!({"number": number}));
    }
    let tasks = i64::try_from(TASKS).unwrap();
    for (table, rows) in [
        ("agents", tasks),
        ("commands", tasks),
        ("terminal_outputs", 3 * tasks),
    ] {
        assert_eq!(count(bed, table).await, rows, "{table}");
    }
}

pub(crate) async fn fifty_transactions_on_one_row_lose_no_change<A: DatabaseAdapter>(bed: &Bed<A>) {
    let agent = add_agent(bed, "a").await;
    let id = add_command(bed, &agent).await;
    let done = at_once(bed, move |_, adapter| async move {
        adapter
            .transaction(move |client| {
                Box::pin(async move {
                    let sql = "update commands set priority = priority + 1 where id = $1";
                    client.query(sql, &[SqlValue::Uuid(id)]).await.map(drop)
                })
            })
            .await
    });
    for result in done.await {
        result.expect("each has its turn");
    }
    let sql = "select priority from commands";
    let rows: Vec<Value> = bed.adapter.query(sql, &[]).await.unwrap();
    assert_eq!(rows, [json!({"priority": TASKS})]);
}
