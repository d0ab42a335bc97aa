//! One face for the forms of a result. Knows nothing of where it goes.

use serde_json::json;

use crate::{
    adapter::{CellForm, Piece},
    cli::{
        json::millis,
        sql::{
            ResultFormat, Screen,
            csv::{self, Reader},
            failure::error_object,
            json::{Entries, JsonWriter},
            summary::Ended,
            table::TableWriter,
        },
    },
    domain::Target,
};

/// A result that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    form: Form,
    /// Whether the statement has a result, be it without rows.
    has_columns: bool,
    rows: u64,
}

#[derive(Debug)]
enum Form {
    Table(TableWriter),
    Csv(Reader),
    Json(JsonWriter),
}

impl Writer {
    pub(super) fn new(format: ResultFormat, screen: Option<Screen>, target: &Target) -> Self {
        let form = match format {
            ResultFormat::Table => Form::Table(TableWriter::new(screen)),
            ResultFormat::Csv if screen.is_some() => Form::Csv(Reader::Terminal),
            ResultFormat::Csv => Form::Csv(Reader::Program),
            ResultFormat::Json => Form::Json(JsonWriter::new(vec![
                ("mode", json!(target.mode)),
                ("target", json!(target.to_string())),
            ])),
        };
        Self {
            form,
            has_columns: false,
            rows: 0,
        }
    }

    /// How the values must be written to fit in here.
    pub(super) fn cells(&self) -> CellForm {
        match self.form {
            Form::Table(_) | Form::Csv(_) => CellForm::Text,
            Form::Json(_) => CellForm::Json,
        }
    }

    /// Rows that were written or wait to be.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the statement has a result, be it without rows.
    pub(super) fn has_columns(&self) -> bool {
        self.has_columns
    }

    /// The mark at the end of values that were cut, where any was.
    pub(super) fn cut_mark(&self) -> Option<char> {
        match &self.form {
            Form::Table(table) => table.has_cut().then(|| table.mark()),
            Form::Csv(_) | Form::Json(_) => None,
        }
    }

    /// Writes a piece as far as it can be written yet.
    pub(super) fn piece(&mut self, piece: Piece, out: &mut String) {
        match piece {
            Piece::Columns(columns) => {
                self.has_columns = true;
                match &mut self.form {
                    Form::Table(table) => table.columns(columns),
                    Form::Csv(reader) => csv::write_columns(&columns, *reader, out),
                    Form::Json(json) => json.columns(&columns, out),
                }
            }
            Piece::Row(cells) => {
                self.rows += 1;
                match &mut self.form {
                    Form::Table(table) => table.row(cells, out),
                    Form::Csv(reader) => csv::write_row(&cells, *reader, out),
                    Form::Json(json) => json.row(&cells, out),
                }
            }
        }
    }

    /// Writes what is left, and where the form has a place for it how it ended.
    pub(super) fn end(&mut self, ended: &Ended<'_>, out: &mut String) {
        match &mut self.form {
            Form::Table(table) => table.end(out),
            Form::Csv(_) => {}
            Form::Json(json) => json.end(&tail(self.rows, ended), out),
        }
    }
}

/// How a statement ended, for programs.
fn tail(rows: u64, ended: &Ended<'_>) -> Entries {
    let mut tail = vec![("rowCount", json!(rows))];
    if let Ok(ran) = ended.result {
        tail.push(("affectedRows", json!(ran.affected)));
        tail.push(("durationMs", json!(millis(ran.took))));
        tail.push(("hasMore", json!(ran.has_more)));
    }
    if ended.result.as_ref().is_ok_and(|ran| ran.is_lost) {
        tail.push(("persisted", json!(false)));
    }
    tail.push(("notices", ended.notices.json()));
    tail.push(("moreNotices", json!(ended.notices.more())));
    tail.push(("readOnly", json!(ended.is_read_only())));
    tail.push(("success", json!(ended.result.is_ok())));
    if let Err(error) = ended.result {
        tail.push(("error", error_object(error, ended)));
    }
    tail
}
