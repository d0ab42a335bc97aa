-- Only to_regclass looks through the search path; it calls nothing that it finds.
with required as (
    select given.name, given.position
    from pg_catalog.unnest($1::pg_catalog.text[]) with ordinality as given (name, position)
),
found as (
    select required.name, required.position, class.oid
    from required
    join pg_catalog.pg_class as class
        on class.oid operator(pg_catalog.=)
            pg_catalog.to_regclass(pg_catalog.quote_ident(required.name))::pg_catalog.oid
)
select
    array(select name from found order by position),
    array(select name from found
        where not pg_catalog.has_table_privilege(oid, 'SELECT') order by position),
    array(select name from found
        where not pg_catalog.has_table_privilege(oid, 'INSERT') order by position),
    array(select name from found
        where not pg_catalog.has_table_privilege(oid, 'UPDATE') order by position),
    array(select name from found
        where not pg_catalog.has_table_privilege(oid, 'DELETE') order by position),
    array(select name from found
        where pg_catalog.row_security_active(oid) order by position),
    array(
        select distinct namespace.nspname::pg_catalog.text
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
        order by 1
    )
