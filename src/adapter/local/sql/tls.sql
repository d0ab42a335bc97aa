select (
    select version operator(pg_catalog.||) ' ' operator(pg_catalog.||) cipher
    from pg_catalog.pg_stat_ssl
    where pid operator(pg_catalog.=) pg_catalog.pg_backend_pid() and ssl
)
