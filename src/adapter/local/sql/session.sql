-- The database that we are in, and what the server says of our TLS.
select
    (
        select oid::bigint
        from pg_catalog.pg_database
        where datname operator(pg_catalog.=) pg_catalog.current_database()
    ),
    (
        select version operator(pg_catalog.||) ' ' operator(pg_catalog.||) cipher
        from pg_catalog.pg_stat_ssl
        where pid operator(pg_catalog.=) pg_catalog.pg_backend_pid() and ssl
    )
