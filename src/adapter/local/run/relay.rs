//! Hands the rows of a stream on, as far as they are wanted. Knows nothing of
//! transactions.

use std::pin::pin;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_postgres::{Error, SimpleColumn, SimpleQueryMessage, SimpleQueryRow};

use crate::{
    adapter::{
        CellForm, DbResult, Piece, RunOrder,
        local::{
            run::{
                inspect::Inspected,
                json_text::{json_text, quoted},
            },
            session::Session,
        },
    },
    domain::Action,
};

/// What has been handed on, and to whom.
#[derive(Debug)]
pub(super) struct Relay<'a> {
    inspected: &'a Inspected,
    pieces: &'a mpsc::Sender<Piece>,
    form: CellForm,
    limit: Option<u64>,
    /// Rows handed on.
    handed: u64,
    /// Whether the columns have been told: each batch of a result names them.
    is_begun: bool,
    /// Rows came that were not wanted any more.
    pub(super) has_more: bool,
}

impl<'a> Relay<'a> {
    pub(super) fn new(
        order: &RunOrder<'_>,
        inspected: &'a Inspected,
        pieces: &'a mpsc::Sender<Piece>,
    ) -> Self {
        Self {
            inspected,
            pieces,
            form: order.form,
            limit: order.limit,
            handed: 0,
            is_begun: false,
            has_more: false,
        }
    }

    /// Runs the SQL and hands on what it returns. Gives the number that the
    /// server ends it with.
    pub(super) async fn stream(&mut self, session: &mut Session, sql: &str) -> DbResult<u64> {
        match self.try_stream(session, sql).await {
            Ok(affected) => Ok(affected),
            Err(error) => Err(session.classify(error, Action::Query).await),
        }
    }

    async fn try_stream(&mut self, session: &Session, sql: &str) -> Result<u64, Error> {
        let mut answers = pin!(session.client().simple_query_raw(sql).await?);
        let mut affected = 0;
        while let Some(answer) = answers.next().await {
            match answer? {
                SimpleQueryMessage::RowDescription(columns) => self.columns(&columns).await,
                SimpleQueryMessage::Row(row) => {
                    // What was read is let go, so that no number of rows is too many.
                    session.renew_allowance();
                    self.row(row).await;
                }
                SimpleQueryMessage::CommandComplete(rows) => affected = rows,
                // The driver may learn more kinds.
                _ => {}
            }
        }
        Ok(affected)
    }

    /// Whether the statement may go through a cursor.
    pub(super) fn is_query(&self) -> bool {
        self.inspected.is_query
    }

    /// Rows handed on so far.
    pub(super) fn handed(&self) -> u64 {
        self.handed
    }

    /// How many more rows are wanted, if there is a limit.
    pub(super) fn wanted(&self) -> Option<u64> {
        self.limit.map(|limit| limit - self.handed)
    }

    /// Whether nobody wants any more rows.
    pub(super) fn is_done(&self) -> bool {
        self.has_more || self.pieces.is_closed()
    }

    async fn columns(&mut self, columns: &[SimpleColumn]) {
        if self.is_begun {
            return;
        }
        self.is_begun = true;
        let columns = columns
            .iter()
            .enumerate()
            .map(|(index, column)| self.inspected.column(index, column.name()))
            .collect();
        self.hand_on(Piece::Columns(columns)).await;
    }

    async fn row(&mut self, row: SimpleQueryRow) {
        if self.limit == Some(self.handed) {
            self.has_more = true;
            return;
        }
        self.handed += 1;
        if self.pieces.is_closed() {
            return;
        }
        let cells = (0..row.len())
            .map(|index| row.get(index).map(|text| self.cell(index, text)))
            .collect();
        // A long one must not be there twice while somebody is waited for.
        drop(row);
        self.hand_on(Piece::Row(cells)).await;
    }

    fn cell(&self, index: usize, text: &str) -> String {
        match (self.form, self.inspected.types.get(index)) {
            (CellForm::Text, _) => text.to_owned(),
            (CellForm::Json, Some(column_type)) => json_text(column_type, text),
            (CellForm::Json, None) => quoted(text),
        }
    }

    /// Who does not listen any more misses nothing that was wanted.
    async fn hand_on(&self, piece: Piece) {
        self.pieces.send(piece).await.ok();
    }
}
