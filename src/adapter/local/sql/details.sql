with clients as (
    -- Without the right to see other sessions their kind is null; a client's
    -- session is then the one that has both a database and a role.
    select coalesce(nullif(application_name, ''), usename::text) as holder
    from pg_stat_activity
    where backend_type = 'client backend'
       or (backend_type is null and datid is not null and usesysid is not null)
),
holders as (
    select holder as name, count(*) as connections
    from clients
    where holder is not null
    group by holder
    order by count(*) desc, holder
    limit 5
)
select jsonb_build_object(
    'serverVersion', split_part(current_setting('server_version'), ' ', 1),
    'role', session_user,
    'database', current_database(),
    'databaseOid', (select oid::bigint from pg_database where datname = current_database()),
    'activeConnections', (select count(*) from clients),
    'maxConnections', current_setting('max_connections')::bigint,
    'slotHolders', (
        select coalesce(
            jsonb_agg(
                jsonb_build_object('name', name, 'connections', connections)
                order by connections desc, name
            ),
            '[]'::jsonb
        )
        from holders
    ),
    'inRecovery', pg_is_in_recovery(),
    'readOnly', current_setting('transaction_read_only')::boolean
        or current_setting('default_transaction_read_only')::boolean,
    'tls', (
        select version || ' ' || cipher
        from pg_stat_ssl
        where pid = pg_backend_pid() and ssl
    ),
    'missingTables', (
        select coalesce(jsonb_agg(required.name order by required.position), '[]'::jsonb)
        from unnest($1::text[]) with ordinality as required (name, position)
        where not exists (
            select 1
            from pg_class
            where oid = to_regclass(quote_ident(required.name))
              and relkind in ('r', 'p', 'f', 'v', 'm')
        )
    )
)::text
