-- Who keeps the ledger from being read: whoever holds it for itself alone, else
-- the first who waits to, for those who come later wait behind that one.
select
    coalesce(locks.pid, 0),
    coalesce(activity.application_name, ''),
    activity.usename::pg_catalog.text,
    case
        when activity.client_addr is not null
            then pg_catalog.host(activity.client_addr)
                operator(pg_catalog.||) ':'
                operator(pg_catalog.||) activity.client_port::pg_catalog.text
        when activity.client_port operator(pg_catalog.=) -1 then 'local'
    end,
    activity.xact_start
from pg_catalog.pg_locks as locks
left join pg_catalog.pg_stat_activity as activity
    on activity.pid operator(pg_catalog.=) locks.pid
where locks.locktype operator(pg_catalog.=) 'relation'
  and locks.mode operator(pg_catalog.=) 'AccessExclusiveLock'
  and locks.database operator(pg_catalog.=) (
      select oid
      from pg_catalog.pg_database
      where datname operator(pg_catalog.=) pg_catalog.current_database()
  )
  and locks.relation operator(pg_catalog.=) (
      select class.oid
      from pg_catalog.pg_class as class
      join pg_catalog.pg_namespace as namespace
          on namespace.oid operator(pg_catalog.=) class.relnamespace
      where class.relname::pg_catalog.text operator(pg_catalog.=) 'schema_migrations'
        and namespace.nspname::pg_catalog.text operator(pg_catalog.=) $1
  )
order by locks.granted desc, activity.xact_start
limit 1
