-- Who holds the locks that a session waits for.
with holders as (
    select
        blocker.pid,
        coalesce(activity.application_name, '') as application,
        activity.usename::pg_catalog.text as role,
        case
            when activity.client_addr is not null
                then pg_catalog.host(activity.client_addr)
                    operator(pg_catalog.||) ':'
                    operator(pg_catalog.||) activity.client_port::pg_catalog.text
            when activity.client_port operator(pg_catalog.=) -1 then 'local'
        end as client,
        activity.xact_start
    from pg_catalog.unnest(pg_catalog.pg_blocking_pids($1)) as blocker (pid)
    left join pg_catalog.pg_stat_activity as activity
        on activity.pid operator(pg_catalog.=) blocker.pid
    order by activity.xact_start, blocker.pid
    limit 5
)
select
    array(select pid from holders order by xact_start, pid),
    array(select application from holders order by xact_start, pid),
    array(select role from holders order by xact_start, pid),
    array(select client from holders order by xact_start, pid),
    array(select xact_start from holders order by xact_start, pid)
