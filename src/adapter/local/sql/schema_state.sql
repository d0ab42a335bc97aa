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
        namespace.nspname::pg_catalog.text as schema
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
        pg_catalog.format_type(attribute.atttypid, attribute.atttypmod) as type_name
    from pg_catalog.pg_attribute as attribute
    join ledger on ledger.oid operator(pg_catalog.=) attribute.attrelid
    where attribute.attnum operator(pg_catalog.>) 0
      and not attribute.attisdropped
    order by attribute.attnum
    limit 20
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
    pg_catalog.to_regclass(pg_catalog.quote_ident($3)) is not null
