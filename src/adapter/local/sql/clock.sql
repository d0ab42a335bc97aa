select
    (
        pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())
            operator(pg_catalog.*) 1000000::double precision
    )::bigint,
    pg_catalog.pg_backend_pid()::bigint
