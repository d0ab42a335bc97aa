with clients as (
    -- Without the right to see other sessions their kind is null; a client's
    -- session is then the one that has both a database and a role.
    select
        pid,
        case
            when application_name operator(pg_catalog.=) '' then 'no name'
            else application_name
        end as application,
        usename::pg_catalog.text as role,
        state,
        state_change,
        backend_type is null as is_hidden
    from pg_catalog.pg_stat_activity
    where backend_type operator(pg_catalog.=) 'client backend'
       or (backend_type is null and datid is not null and usesysid is not null)
),
holders as (
    select application, role, state, pg_catalog.count(*) as connections
    from clients
    group by application, role, state
    order by pg_catalog.count(*) desc, application, role, state
    limit 5
),
idle as (
    select pid, application, role,
        pg_catalog.date_part('epoch',
            pg_catalog.clock_timestamp() operator(pg_catalog.-) state_change) as seconds
    from clients
    where pg_catalog.starts_with(state, 'idle in transaction')
    order by state_change
    limit 1
)
select
    (select pg_catalog.count(*) from clients),
    pg_catalog.current_setting('max_connections')::bigint,
    pg_catalog.current_setting('superuser_reserved_connections')::bigint,
    pg_catalog.current_setting('reserved_connections', true)::bigint,
    array(select application from holders),
    array(select coalesce(role, '?') from holders),
    array(select coalesce(state, 'state not shown') from holders),
    array(select connections from holders),
    (select pid::bigint from idle),
    (select application operator(pg_catalog.||) ' as ' operator(pg_catalog.||) role from idle),
    (select seconds from idle),
    (select pg_catalog.count(*) from clients where is_hidden)
