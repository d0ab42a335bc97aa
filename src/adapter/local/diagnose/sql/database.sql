select
    database.datallowconn,
    database.datconnlimit::bigint,
    pg_catalog.has_database_privilege(database.oid, 'CONNECT'),
    (
        select pg_catalog.count(*)
        from pg_catalog.pg_stat_activity as activity
        where activity.datid operator(pg_catalog.=) database.oid
          and (activity.backend_type is null
              or activity.backend_type operator(pg_catalog.=) 'client backend')
    ),
    role.rolconnlimit::bigint,
    (
        select pg_catalog.count(*)
        from pg_catalog.pg_stat_activity as activity
        where activity.usesysid operator(pg_catalog.=) role.oid
          and activity.datid is not null
    ),
    role.rolsuper,
    pg_catalog.date_part('epoch', role.rolvaliduntil),
    session_user::pg_catalog.text,
    database.datname::pg_catalog.text,
    pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1)
from pg_catalog.pg_database as database, pg_catalog.pg_roles as role
where database.datname operator(pg_catalog.=) pg_catalog.current_database()
  and role.rolname operator(pg_catalog.=) session_user
