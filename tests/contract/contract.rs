//! Every case of the contract against every adapter.

/// Every engine's bed by its name.
pub(crate) mod engines {
    pub(crate) use crate::{
        bed::{local, mock, pooled},
        project_bed::supabase,
    };
}

/// One module an engine and a chapter, one test a case.
macro_rules! contract {
    ($engine:ident: $($chapter:ident [$($case:ident),+ $(,)?])+) => {
        mod $engine {
            $(mod $chapter {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bed = crate::contract::engines::$engine(crate::bed::PATIENT).await;
                    crate::cases::$chapter::$case(&bed).await;
                })+
            })+

            /// With a deadline that the case is going to meet.
            mod deadline {
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn a_statement_that_takes_too_long_is_ended() {
                    let bed = crate::contract::engines::$engine(crate::bed::BRIEF).await;
                    crate::cases::deadline::a_statement_that_takes_too_long_is_ended(&bed).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn a_transaction_that_takes_too_long_is_undone() {
                    let bed = crate::contract::engines::$engine(crate::bed::BRIEF).await;
                    crate::cases::deadline::a_transaction_that_takes_too_long_is_undone(&bed).await;
                }
            }
        }
    };
}

/// The same chapters and cases for all engines.
macro_rules! for_engines {
    ($($engine:ident),+) => {
        $(contract! { $engine:
            connection [
                it_connects_disconnects_and_connects_again,
                nothing_is_sent_while_not_connected,
                a_health_check_works_while_not_connected,
                every_call_is_recorded,
                a_call_that_is_left_is_recorded,
            ]
            values [
                every_kind_of_parameter_arrives,
                null_is_a_parameter,
                texts_of_every_alphabet_arrive,
                numbers_keep_their_last_digit,
                values_are_converted_to_their_columns,
                what_does_not_fit_is_refused,
                one_row_looks_the_same_wherever_it_comes_from,
                a_value_of_one_megabyte_arrives,
            ]
            rows [
                an_insert_takes_the_defaults,
                an_insert_of_nothing_is_all_defaults,
                a_null_that_is_given_takes_no_default,
                an_update_changes_the_given_columns_only,
                an_update_moves_the_time_of_the_last_change,
                a_delete_removes_one_row,
                a_delete_removes_what_refers_to_it,
                a_row_that_is_not_there_is_said,
                a_wrong_statement_is_said,
                a_row_that_is_no_t_is_an_error,
                data_that_is_no_row_is_refused,
                an_answer_may_be_large_in_a_session_that_knows_nothing,
            ]
            names [
                a_table_that_is_not_there_is_said,
                a_column_that_is_not_there_is_said,
                the_name_of_a_table_is_never_a_statement,
                the_name_of_a_column_is_never_a_statement,
                an_id_is_never_a_statement,
                a_value_is_never_a_statement,
            ]
            constraints [
                a_broken_key_is_named,
                a_broken_reference_is_named,
                a_broken_check_is_named,
                a_missing_value_is_named,
                the_constraint_is_named_in_every_call,
                a_refused_row_changes_nothing,
            ]
            transactions [
                a_transaction_holds_as_a_whole,
                a_failed_callback_undoes_everything,
                a_failed_statement_undoes_everything,
                a_transaction_that_is_left_is_undone,
                a_caught_error_does_not_turn_a_rollback_into_a_success,
                a_savepoint_saves_a_transaction,
            ]
            load [
                fifty_tasks_write_and_read_at_once,
                fifty_transactions_on_one_row_lose_no_change,
            ]
        })+
    };
}

for_engines!(local, mock, pooled, supabase);

/// What a login and a statement tell, where both are made.
mod health {
    use crate::{bed, cases::connection::a_health_check_says_how_it_went_and_what_it_learned};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_check_of_a_server_tells_what_it_learned() {
        let bed = bed::local(bed::PATIENT).await;
        a_health_check_says_how_it_went_and_what_it_learned(&bed).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_check_through_a_pooler_tells_what_it_learned() {
        let bed = bed::pooled(bed::PATIENT).await;
        a_health_check_says_how_it_went_and_what_it_learned(&bed).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_check_of_the_embedded_database_tells_what_it_learned() {
        let bed = bed::mock(bed::PATIENT).await;
        a_health_check_says_how_it_went_and_what_it_learned(&bed).await;
    }
}

/// A project without `database_url`: what its interface alone can do. What the
/// cases read back comes over a way of the tests' own.
macro_rules! alone {
    ($($chapter:ident [$($case:ident),+ $(,)?])+) => {
        mod supabase_alone {
            $(mod $chapter {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let bed = crate::project_bed::supabase_alone(crate::bed::PATIENT).await;
                    crate::cases::$chapter::$case(&bed).await;
                })+
            })+
        }
    };
}

alone! {
    connection [
        it_connects_disconnects_and_connects_again,
        nothing_is_sent_while_not_connected,
        a_health_check_works_while_not_connected,
    ]
    values [
        texts_of_every_alphabet_arrive,
        values_are_converted_to_their_columns,
        what_does_not_fit_is_refused,
    ]
    rows [
        an_insert_takes_the_defaults,
        an_insert_of_nothing_is_all_defaults,
        a_null_that_is_given_takes_no_default,
        an_update_moves_the_time_of_the_last_change,
        a_delete_removes_what_refers_to_it,
        a_row_that_is_not_there_is_said,
        data_that_is_no_row_is_refused,
    ]
    names [
        the_name_of_a_table_is_never_a_statement,
        the_name_of_a_column_is_never_a_statement,
        an_id_is_never_a_statement,
        a_value_is_never_a_statement,
    ]
    constraints [
        a_broken_key_is_named,
        a_broken_reference_is_named,
        a_broken_check_is_named,
        a_missing_value_is_named,
    ]
}
