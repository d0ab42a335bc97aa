-- The one look-up through the search path is to_regclass: it finds tables by
-- name, as a client's statement would, and calls nothing that it finds.
with required as (
    select given.name, given.position
    from pg_catalog.unnest($1::pg_catalog.text[]) with ordinality as given (name, position)
),
tables as (
    select oid, relnamespace, relname::pg_catalog.text as name
    from pg_catalog.pg_class
    where relkind operator(pg_catalog.=) any ('{r,p,f,v,m}'::pg_catalog."char"[])
),
missing as (
    select required.name, required.position
    from required
    where not exists (
        select 1
        from tables
        where tables.oid operator(pg_catalog.=)
            pg_catalog.to_regclass(pg_catalog.quote_ident(required.name))::pg_catalog.oid
    )
),
-- Schemas that the role may not use are passed over in silence by every look-up.
closed as (
    select namespace.oid, namespace.nspname::pg_catalog.text as name
    from pg_catalog.pg_namespace as namespace
    where not pg_catalog.has_schema_privilege(namespace.oid, 'USAGE')
      and namespace.nspname::pg_catalog.text operator(pg_catalog.=) any (array(
          select case
              when pg_catalog.btrim(part, ' "') operator(pg_catalog.=) '$user'
                  then session_user::pg_catalog.text
              else pg_catalog.btrim(part, ' "')
          end
          from pg_catalog.unnest(pg_catalog.string_to_array(
              pg_catalog.current_setting('search_path'), ','
          )) as parts (part)
      ))
),
-- Our ledger, or another tool's of the same name: in the schema that is
-- configured, else where a new table would go.
ledger as (
    select
        class.oid,
        class.relnamespace,
        class.relkind,
        class.relowner,
        namespace.nspname::pg_catalog.text as schema,
        namespace.nspowner
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace
        on namespace.oid operator(pg_catalog.=) class.relnamespace
    where class.relname::pg_catalog.text operator(pg_catalog.=) 'schema_migrations'
      and class.relkind operator(pg_catalog.=) any ('{r,p,f,v,m}'::pg_catalog."char"[])
      and namespace.nspname::pg_catalog.text operator(pg_catalog.=)
          coalesce($2::pg_catalog.text, pg_catalog.current_schema()::pg_catalog.text)
),
ledger_columns as (
    select
        attribute.attnum,
        attribute.attname::pg_catalog.text as name,
        -- These two are told in quotes where quote_all_identifiers is on.
        case
            when attribute.atttypid operator(pg_catalog.=)
                'pg_catalog.text'::pg_catalog.regtype::pg_catalog.oid then 'text'
            when attribute.atttypid operator(pg_catalog.=)
                'pg_catalog.bytea'::pg_catalog.regtype::pg_catalog.oid then 'bytea'
            else pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
        end as type_name
    from pg_catalog.pg_attribute as attribute
    join ledger on ledger.oid operator(pg_catalog.=) attribute.attrelid
    where attribute.attnum operator(pg_catalog.>) 0
      and not attribute.attisdropped
    order by attribute.attnum
    limit 20
),
-- Whose ledger is believed, and whose code may run when it is written. A schema
-- that bears the role's own name comes first in the search path, and whoever may
-- make schemas can have made it.
trusted as (
    select role.oid
    from pg_catalog.pg_roles as role
    where role.rolsuper
       or role.rolname::pg_catalog.text operator(pg_catalog.=) current_user::pg_catalog.text
       or exists (
           select 1
           from pg_catalog.pg_database as database
           where database.datname operator(pg_catalog.=) pg_catalog.current_database()
             and database.datdba operator(pg_catalog.=) role.oid
       )
       or exists (
           select 1
           from ledger
           where ledger.nspowner operator(pg_catalog.=) role.oid
             and ledger.schema operator(pg_catalog.<>) current_user::pg_catalog.text
       )
)
select
    array(select name from missing order by position),
    array(
        select distinct closed.name
        from closed, tables, missing
        where tables.relnamespace operator(pg_catalog.=) closed.oid
          and tables.name operator(pg_catalog.=) missing.name
        order by 1
    ),
    pg_catalog.current_schema()::pg_catalog.text,
    pg_catalog.current_setting('search_path'),
    (select schema from ledger),
    array(select name from ledger_columns order by attnum),
    array(select type_name from ledger_columns order by attnum),
    -- Rows that a policy hides would look like files that were not applied.
    (
        select case
            when not pg_catalog.has_schema_privilege(relnamespace, 'USAGE') then 'no USAGE'
            when not pg_catalog.has_table_privilege(oid, 'SELECT') then 'no SELECT'
            when pg_catalog.row_security_active(oid) then 'row-level security'
        end
        from ledger
    ),
    exists (
        select 1
        from tables
        join ledger on ledger.relnamespace operator(pg_catalog.=) tables.relnamespace
        where tables.name operator(pg_catalog.=) 'ar_internal_metadata'
    ),
    -- Of a required table under its older name.
    pg_catalog.to_regclass(pg_catalog.quote_ident($3)) is not null,
    -- Why the ledger is neither read nor written although its columns are ours.
    (
        select case
            when relkind operator(pg_catalog.=) 'v' then 'it is a view'
            when relkind operator(pg_catalog.=) 'm' then 'it is a materialized view'
            when relkind operator(pg_catalog.=) 'f' then 'it is a foreign table'
            when relkind operator(pg_catalog.=) 'p' then 'it is a partitioned table'
            when not exists (
                select 1 from trusted where trusted.oid operator(pg_catalog.=) relowner
            ) then pg_catalog.concat(
                'its owner ',
                pg_catalog.pg_get_userbyid(relowner),
                ' is neither this role, nor a superuser, nor the owner of schema or database'
            )
            when exists (
                select 1
                from pg_catalog.pg_rewrite
                where ev_class operator(pg_catalog.=) ledger.oid
            ) then 'it has a rule'
            when exists (
                select 1
                from pg_catalog.pg_inherits
                where inhrelid operator(pg_catalog.=) ledger.oid
                   or inhparent operator(pg_catalog.=) ledger.oid
            ) then 'other tables inherit from it, or it from others'
            else (
                select pg_catalog.concat(
                    'its trigger ',
                    made.tgname,
                    ' runs a function of ',
                    pg_catalog.pg_get_userbyid(function.proowner)
                )
                from pg_catalog.pg_trigger as made
                join pg_catalog.pg_proc as function
                    on function.oid operator(pg_catalog.=) made.tgfoid
                where made.tgrelid operator(pg_catalog.=) ledger.oid
                  and not made.tgisinternal
                  and made.tgenabled operator(pg_catalog.<>) 'D'
                  and not exists (
                      select 1
                      from trusted
                      where trusted.oid operator(pg_catalog.=) function.proowner
                  )
                order by made.tgname
                limit 1
            )
        end
        from ledger
    ),
    -- The policies of our last step, where it would make them again.
    (
        select pg_catalog.count(*) operator(pg_catalog.=) 3
        from pg_catalog.pg_roles
        where rolname::pg_catalog.text
            operator(pg_catalog.=) any (array['anon', 'authenticated', 'service_role'])
    ) and exists (
        select 1
        from required
        join pg_catalog.pg_policy as made
            on made.polrelid operator(pg_catalog.=)
                pg_catalog.to_regclass(pg_catalog.quote_ident(required.name))::pg_catalog.oid
        where made.polname::pg_catalog.text operator(pg_catalog.=) any (array[
            required.name operator(pg_catalog.||) '_authenticated',
            required.name operator(pg_catalog.||) '_service_role'
        ])
    )
