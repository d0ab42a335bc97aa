select
    pg_catalog.pg_backend_pid()::bigint,
    (
        select setting::bigint
        from pg_catalog.pg_settings
        where name operator(pg_catalog.=) 'statement_timeout'
    ),
    (
        select ssl
        from pg_catalog.pg_stat_ssl
        where pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
    )
