//! Every case of the contract against every adapter.

/// One module an engine, one test a case.
macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        mod local {
            $(#[tokio::test]
            async fn $case() {
                crate::cases::$case(&crate::bed::local().await).await;
            })+
        }
        mod mock {
            $(#[tokio::test]
            async fn $case() {
                crate::cases::$case(&crate::bed::mock().await).await;
            })+
        }
    };
}

contract![
    it_connects_disconnects_and_connects_again,
    nothing_is_sent_while_not_connected,
    a_health_check_says_how_it_went_and_what_it_learned,
    a_health_check_works_while_not_connected,
    every_kind_of_parameter_arrives,
    an_insert_takes_the_defaults,
    an_insert_of_nothing_is_all_defaults,
    an_update_changes_the_given_columns_only,
    a_delete_removes_one_row,
    a_row_that_is_not_there_is_said,
    a_table_that_is_not_there_is_said,
    a_column_that_is_not_there_is_said,
    a_name_is_never_a_statement,
    a_broken_constraint_is_said,
    a_wrong_statement_is_said,
    a_row_that_is_no_t_is_an_error,
    data_that_is_no_row_is_refused,
    a_transaction_holds_as_a_whole,
    a_failed_callback_undoes_everything,
    every_call_is_recorded,
    a_call_that_is_left_is_recorded,
];
