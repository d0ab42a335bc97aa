-- What one schema holds of the named tables, a line each: table, what it is,
-- its name, and how it is made. Must be asked with this schema first in the
-- search path, so that names in it are told without a schema.
with wanted as (
    select given.name
    from pg_catalog.unnest($1::pg_catalog.text[]) as given (name)
),
tables as (
    select
        class.oid,
        class.relname::pg_catalog.text as name,
        class.relrowsecurity as is_guarded,
        class.relkind
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace
        on namespace.oid operator(pg_catalog.=) class.relnamespace
    join wanted on wanted.name operator(pg_catalog.=) class.relname::pg_catalog.text
    where namespace.nspname::pg_catalog.text operator(pg_catalog.=) $2
      and class.relkind operator(pg_catalog.=) any ('{r,p,f,v,m}'::pg_catalog."char"[])
),
columns as (
    select
        tables.name as table_name,
        'column' as kind,
        attribute.attname::pg_catalog.text as name,
        pg_catalog.concat(
            coalesce(
                (
                    -- The values of an enum say more than its name.
                    select pg_catalog.concat(
                        'enum (',
                        pg_catalog.string_agg(
                            pg_catalog.quote_literal(label.enumlabel::pg_catalog.text),
                            ', ' order by label.enumsortorder
                        ),
                        ')'
                    )
                    from pg_catalog.pg_enum as label
                    where label.enumtypid operator(pg_catalog.=) attribute.atttypid
                    having pg_catalog.count(*) operator(pg_catalog.>) 0
                ),
                pg_catalog.format_type(attribute.atttypid, attribute.atttypmod)
            ),
            case when attribute.attnotnull then ' not null' end,
            case attribute.attgenerated
                when '' then ' default '
                else ' generated '
            end operator(pg_catalog.||) pg_catalog.pg_get_expr(made.adbin, made.adrelid),
            case when attribute.attidentity operator(pg_catalog.<>) '' then ' identity' end
        ) as made
    from tables
    join pg_catalog.pg_attribute as attribute
        on attribute.attrelid operator(pg_catalog.=) tables.oid
    left join pg_catalog.pg_attrdef as made
        on made.adrelid operator(pg_catalog.=) tables.oid
        and made.adnum operator(pg_catalog.=) attribute.attnum
    where attribute.attnum operator(pg_catalog.>) 0
      and not attribute.attisdropped
),
constraints as (
    -- What is not null is told with its column; what is unique, by its index.
    select
        tables.name as table_name,
        case made.contype when 'c' then 'check' when 'f' then 'foreign key' else 'constraint' end
            as kind,
        made.conname::pg_catalog.text as name,
        pg_catalog.pg_get_constraintdef(made.oid) as made
    from tables
    join pg_catalog.pg_constraint as made
        on made.conrelid operator(pg_catalog.=) tables.oid
    where made.contype operator(pg_catalog.<>) all ('{n,p,u,t}'::pg_catalog."char"[])
),
indexes as (
    select
        tables.name as table_name,
        case
            when made.indisprimary then 'primary key'
            when made.indisunique then 'unique'
            else 'index'
        end as kind,
        class.relname::pg_catalog.text as name,
        pg_catalog.concat(
            '(',
            (
                select pg_catalog.string_agg(
                    pg_catalog.concat(
                        pg_catalog.pg_get_indexdef(made.indexrelid, place::integer, true),
                        case
                            when not made.indisunique
                                and pg_catalog.pg_index_column_has_property(
                                    made.indexrelid, place::integer, 'desc'
                                )
                                then ' desc'
                        end
                    ),
                    ', ' order by place
                )
                from pg_catalog.generate_series(1, made.indnkeyatts) as places (place)
            ),
            ')',
            case
                when pg_catalog.to_jsonb(made) operator(pg_catalog.->>) 'indnullsnotdistinct'
                    operator(pg_catalog.=) 'true'
                    then ' nulls not distinct'
            end,
            ' where ' operator(pg_catalog.||) pg_catalog.pg_get_expr(made.indpred, made.indrelid)
        ) as made
    from tables
    join pg_catalog.pg_index as made
        on made.indrelid operator(pg_catalog.=) tables.oid
    join pg_catalog.pg_class as class
        on class.oid operator(pg_catalog.=) made.indexrelid
    where made.indisvalid
),
triggers as (
    select
        tables.name as table_name,
        'trigger' as kind,
        'before update' as name,
        '' as made
    from tables
    where exists (
        select 1
        from pg_catalog.pg_trigger as made
        where made.tgrelid operator(pg_catalog.=) tables.oid
          and not made.tgisinternal
          and made.tgenabled operator(pg_catalog.<>) 'D'
          -- For each row, before, update.
          and (made.tgtype::integer operator(pg_catalog.&) 19) operator(pg_catalog.=) 19
    )
),
policies as (
    select
        tables.name as table_name,
        'policy' as kind,
        made.polname::pg_catalog.text as name,
        pg_catalog.concat(
            'for ',
            case made.polcmd
                when 'r' then 'select'
                when 'a' then 'insert'
                when 'w' then 'update'
                when 'd' then 'delete'
                else 'all'
            end,
            ' to ',
            coalesce(
                (
                    select pg_catalog.string_agg(
                        role.rolname::pg_catalog.text, ', ' order by role.rolname
                    )
                    from pg_catalog.pg_roles as role
                    where role.oid operator(pg_catalog.=) any (made.polroles)
                ),
                'public'
            ),
            ' using ' operator(pg_catalog.||) pg_catalog.pg_get_expr(made.polqual, made.polrelid),
            ' with check ' operator(pg_catalog.||)
                pg_catalog.pg_get_expr(made.polwithcheck, made.polrelid),
            case when not made.polpermissive then ' restrictive' end
        ) as made
    from tables
    join pg_catalog.pg_policy as made
        on made.polrelid operator(pg_catalog.=) tables.oid
),
rights as (
    -- Of the roles through which Supabase's interface comes.
    select
        tables.name as table_name,
        'right' as kind,
        role.rolname::pg_catalog.text as name,
        pg_catalog.concat(pg_catalog.lower(wanted_right.name), ' to ', role.rolname) as made
    from tables
    join pg_catalog.pg_roles as role
        on role.rolname::pg_catalog.text
            operator(pg_catalog.=) any (array['anon', 'authenticated', 'service_role'])
    join pg_catalog.unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])
        as wanted_right (name)
        on pg_catalog.has_table_privilege(role.oid, tables.oid, wanted_right.name)
)
select name, 'table', '', case relkind when 'r' then 'table' else 'no plain table' end from tables
union all
select name, 'row-level security', '', 'on' from tables where is_guarded
union all
select table_name, kind, name, made from columns
union all
select table_name, kind, name, made from constraints
union all
select table_name, kind, name, made from indexes
union all
select table_name, kind, name, made from triggers
union all
select table_name, kind, name, made from policies
union all
select table_name, kind, name, made from rights
