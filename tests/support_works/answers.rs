//! Each answer of the table comes as it says, and only while it shall.

use std::collections::BTreeSet;

use crate::support::standin::{
    Key, Standin,
    answers::{Asked, RETRY_AFTER, rows},
};

#[test]
fn each_answer_comes_with_each_of_its_keys() {
    let standin = Standin::start();
    standin.make_answer_tables();
    let mut wrong = Vec::new();
    let rows = rows();
    for row in &rows {
        for key in row.keys {
            let text = standin.bring_about(row, *key);
            let answer = standin.ask(row.asked, &text).expect("it answers");
            standin.clear_faults();
            let wait = answer.header("retry-after");
            let wait = wait.and_then(|seconds| seconds.parse::<u64>().ok());
            let seen = (answer.status, answer.code(), wait);
            let told = row.names_time().then_some(RETRY_AFTER);
            if seen != (row.status, row.code.to_owned(), told) {
                wrong.push(format!("{} with {key:?}: {answer:?}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(rows.len() > 40, "only {} rows", rows.len());
}

#[test]
fn rows_hidden_by_a_policy_are_no_refusal() {
    let standin = Standin::start();
    standin.make_answer_tables();
    for (key, body) in [(Key::Publishable, "[]"), (Key::Secret, r#"[{"id":1}]"#)] {
        let asked = Asked::Read("answers_secured", "id");
        let answer = standin.ask(asked, standin.key(key)).expect("it answers");
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
}

#[test]
fn every_meaning_has_a_row_and_the_names_tell_rows_apart() {
    let rows = rows();
    let met: BTreeSet<_> = rows
        .iter()
        .map(|row| format!("{:?}", row.meaning))
        .collect();
    assert_eq!(met.len(), 14, "{met:?}");
    let named: BTreeSet<_> = rows.iter().map(|row| (row.name, row.status)).collect();
    assert_eq!(named.len(), rows.len());
}
