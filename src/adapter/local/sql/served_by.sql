-- The process that serves this statement; its number may be given again later.
select
    pid::bigint,
    (
        pg_catalog.date_part('epoch', backend_start) operator(pg_catalog.*) 1000000::double precision
    )::bigint
from pg_catalog.pg_stat_activity
where pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
