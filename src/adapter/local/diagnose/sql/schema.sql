-- $1: the required tables. $2 and $3: a table and one of its columns at each
-- place. Only to_regclass looks through the search path.
with required as (
    select given.name, given.position,
        pg_catalog.to_regclass(pg_catalog.quote_ident(given.name))::pg_catalog.oid as oid
    from pg_catalog.unnest($1::pg_catalog.text[]) with ordinality as given (name, position)
),
tables as (
    select class.oid, class.relname::pg_catalog.text as name,
        namespace.nspname::pg_catalog.text as schema
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace
        on namespace.oid operator(pg_catalog.=) class.relnamespace
    where class.relkind operator(pg_catalog.=) any ('{r,p,f,v,m}'::pg_catalog."char"[])
),
found as (
    select required.name, required.position, tables.oid, tables.schema
    from required
    join tables on tables.oid operator(pg_catalog.=) required.oid
),
missing as (
    select required.name, required.position
    from required
    where not exists (
        select 1 from found where found.position operator(pg_catalog.=) required.position
    )
),
elsewhere as (
    select missing.name, tables.schema, missing.position
    from missing
    join tables on tables.name operator(pg_catalog.=) missing.name
),
columns as (
    select given.owner, given.name, given.position
    from rows from (
        pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.text[])
    ) with ordinality as given (owner, name, position)
)
select
    array(select distinct schema from found order by 1),
    array(select name from missing order by position),
    array(
        select schema operator(pg_catalog.||) '.' operator(pg_catalog.||) name
        from elsewhere order by position, schema limit 20
    ),
    array(select distinct schema from elsewhere order by 1),
    array(
        select columns.owner operator(pg_catalog.||) '.' operator(pg_catalog.||) columns.name
        from columns
        join found on found.name operator(pg_catalog.=) columns.owner
        where not exists (
            select 1
            from pg_catalog.pg_attribute as attribute
            where attribute.attrelid operator(pg_catalog.=) found.oid
              and attribute.attname::pg_catalog.text operator(pg_catalog.=) columns.name
              and attribute.attnum operator(pg_catalog.>) 0
              and not attribute.attisdropped
        )
        order by columns.position
    ),
    pg_catalog.current_setting('search_path'),
    exists (
        select 1 from tables
        where tables.oid operator(pg_catalog.=)
            pg_catalog.to_regclass('command_queue')::pg_catalog.oid
    )
