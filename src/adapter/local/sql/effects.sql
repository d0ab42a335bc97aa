with named as (
    select oid, relkind, relhassubclass
    from pg_catalog.pg_class
    where pg_catalog.lower(relname::pg_catalog.text collate pg_catalog."C")
            operator(pg_catalog.=) any ($1)
       or $2
       and relname::pg_catalog.text operator(pg_catalog.!~) '^[A-Za-z_][A-Za-z0-9_$]*$'
)
select
    exists (
        select
        from pg_catalog.pg_proc as called
        left join pg_catalog.pg_aggregate as parts
            on parts.aggfnoid::pg_catalog.oid operator(pg_catalog.=) called.oid
        where (
            pg_catalog.lower(called.proname::pg_catalog.text collate pg_catalog."C")
                operator(pg_catalog.=) any ($1)
            or $2
            and called.proname::pg_catalog.text operator(pg_catalog.!~) '^[A-Za-z_][A-Za-z0-9_$]*$'
        )
          and exists (
              select
              from pg_catalog.pg_proc as part
              where part.provolatile operator(pg_catalog.=) 'v'
                and part.oid operator(pg_catalog.=) any (array[
                    called.oid, parts.aggtransfn, parts.aggfinalfn, parts.aggcombinefn,
                    parts.aggmtransfn, parts.aggminvtransfn, parts.aggmfinalfn
                ]::pg_catalog.oid[])
          )
          -- Nobody calls what makes a trigger or an event trigger.
          and called.prorettype operator(pg_catalog.<>) all (array[2279, 3838]::pg_catalog.oid[])
          -- The server's own that look and change nothing.
          and not (
              called.oid::pg_catalog.int8 operator(pg_catalog.<) 16384
              and called.proname::pg_catalog.text operator(pg_catalog.=) any (array[
                  'bernoulli', 'clock_timestamp', 'current_query', 'currval', 'gen_random_uuid',
                  'lastval', 'pg_blocking_pids', 'pg_database_size', 'pg_indexes_size',
                  'pg_is_in_recovery', 'pg_lock_status', 'pg_relation_size', 'pg_sleep',
                  'pg_table_size', 'pg_tablespace_size', 'pg_total_relation_size', 'random',
                  'random_normal', 'system', 'timeofday', 'uuidv4', 'uuidv7'
              ])
          )
    )
    -- What is called without its name being written.
    or exists (
        select
        from pg_catalog.pg_proc as called
        where called.provolatile operator(pg_catalog.=) 'v'
          and called.oid::pg_catalog.int8 operator(pg_catalog.>=) 16384
          and called.oid operator(pg_catalog.=) any (
              select oprcode::pg_catalog.oid from pg_catalog.pg_operator
              union all
              select amproc::pg_catalog.oid from pg_catalog.pg_amproc
              union all
              select castfunc from pg_catalog.pg_cast
              union all
              select typinput::pg_catalog.oid from pg_catalog.pg_type
              union all
              select typoutput::pg_catalog.oid from pg_catalog.pg_type
          )
    )
    -- What another server makes of it is not known here.
    or exists (
        select
        from named
        where named.relkind operator(pg_catalog.=) 'f'
           or named.relhassubclass
           and exists (
               select
               from pg_catalog.pg_inherits as line
               join pg_catalog.pg_class as child
                   on child.oid operator(pg_catalog.=) line.inhrelid
               where child.relkind operator(pg_catalog.=) 'f'
           )
    ),
    -- Where more is called: in views, by policies and in the checks of domains.
    array(
        select pg_catalog.pg_get_viewdef(named.oid)
        from named
        where named.relkind operator(pg_catalog.=) 'v'
        union all
        select pg_catalog.pg_get_expr(policy.polqual, policy.polrelid)
        from pg_catalog.pg_policy as policy
        join named
            on named.oid operator(pg_catalog.=) policy.polrelid
        where policy.polqual is not null
        union all
        select pg_catalog.pg_get_constraintdef(oid)
        from pg_catalog.pg_constraint
        where contypid operator(pg_catalog.<>) 0::pg_catalog.oid
          and oid::pg_catalog.int8 operator(pg_catalog.>=) 16384
    )
