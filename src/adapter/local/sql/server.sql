select
    pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1),
    session_user::pg_catalog.text,
    pg_catalog.current_database()::pg_catalog.text,
    pg_catalog.current_setting('max_connections')::bigint,
    pg_catalog.pg_is_in_recovery(),
    pg_catalog.current_setting('transaction_read_only')::boolean
        or pg_catalog.current_setting('default_transaction_read_only')::boolean
