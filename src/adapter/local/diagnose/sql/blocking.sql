with waiting as (
    select distinct pid
    from pg_catalog.pg_locks
    where not granted and pid is not null
),
blocked as (
    select
        waiting.pid,
        coalesce(activity.usename::pg_catalog.text, '?') as role,
        coalesce(activity.application_name, '') as application,
        pg_catalog.date_part('epoch',
            pg_catalog.clock_timestamp() operator(pg_catalog.-) activity.query_start) as seconds,
        pg_catalog.pg_blocking_pids(waiting.pid) as blockers
    from waiting
    left join pg_catalog.pg_stat_activity as activity
        on activity.pid operator(pg_catalog.=) waiting.pid
),
longest as (
    select pid, role, application, seconds, blockers
    from blocked
    order by seconds desc nulls last, pid
    limit 5
)
select
    (select pg_catalog.count(*) from blocked),
    (select pg_catalog.max(seconds) from blocked),
    array(select pid::bigint from longest),
    array(select role from longest),
    array(select application from longest),
    array(select coalesce(seconds, -1) from longest),
    array(
        select pg_catalog.array_to_string(array(
            select pg_catalog.concat(blocker.pid, ' (',
                coalesce(nullif_name.application, 'no name'), ', ',
                coalesce(holder.state, 'state not shown'), ')')
            from pg_catalog.unnest(longest.blockers) as blocker (pid)
            left join pg_catalog.pg_stat_activity as holder
                on holder.pid operator(pg_catalog.=) blocker.pid
            left join lateral (
                select case
                    when holder.application_name operator(pg_catalog.=) '' then null
                    else holder.application_name
                end as application
            ) as nullif_name on true
        ), ', ')
        from longest
    )
