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
where locks.locktype operator(pg_catalog.=) 'advisory'
  and locks.granted
  and locks.objsubid operator(pg_catalog.=) 1
  and locks.database operator(pg_catalog.=) (
      select oid
      from pg_catalog.pg_database
      where datname operator(pg_catalog.=) pg_catalog.current_database()
  )
  and ((locks.classid::bigint operator(pg_catalog.<<) 32) operator(pg_catalog.|) locks.objid::bigint)
      operator(pg_catalog.=) $1
order by activity.xact_start
limit 1
