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
)
select
    array(select name from missing order by position),
    array(
        select distinct closed.name
        from closed, tables, missing
        where tables.relnamespace operator(pg_catalog.=) closed.oid
          and tables.name operator(pg_catalog.=) missing.name
        order by 1
    )
