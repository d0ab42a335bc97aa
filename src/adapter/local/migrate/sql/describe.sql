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
        class.relforcerowsecurity as is_guarded_from_owner,
        case class.relkind
            when 'p' then 'partitioned table'
            when 'f' then 'foreign table'
            when 'v' then 'view'
            when 'm' then 'materialized view'
            else case class.relpersistence when 'u' then 'unlogged table' else 'table' end
        end as made
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
            -- Only where it is not that of the type.
            ' collate ' operator(pg_catalog.||) (
                select pg_catalog.format('%I.%I', namespace.nspname, other.collname)
                from pg_catalog.pg_collation as other
                join pg_catalog.pg_namespace as namespace
                    on namespace.oid operator(pg_catalog.=) other.collnamespace
                join pg_catalog.pg_type as type
                    on type.oid operator(pg_catalog.=) attribute.atttypid
                where other.oid operator(pg_catalog.=) attribute.attcollation
                  and other.oid operator(pg_catalog.<>) type.typcollation
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
        pg_catalog.concat(
            pg_catalog.pg_get_constraintdef(made.oid),
            case
                when made.contype operator(pg_catalog.=) 'f' and exists (
                    select 1
                    from pg_catalog.pg_trigger as keeper
                    where keeper.tgconstraint operator(pg_catalog.=) made.oid
                      and keeper.tgenabled operator(pg_catalog.=) any ('{D,R}'::pg_catalog."char"[])
                )
                    then ' with disabled triggers'
            end
        ) as made
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
                        end,
                        -- Only one that takes different texts for equal; not every
                        -- server knows such.
                        ' collate ' operator(pg_catalog.||) (
                            select pg_catalog.format('%I.%I', namespace.nspname, other.collname)
                            from pg_catalog.pg_attribute as attribute
                            join pg_catalog.pg_collation as other
                                on other.oid operator(pg_catalog.=) made.indcollation[place operator(pg_catalog.-) 1]
                            join pg_catalog.pg_namespace as namespace
                                on namespace.oid operator(pg_catalog.=) other.collnamespace
                            where attribute.attrelid operator(pg_catalog.=) tables.oid
                              and attribute.attnum operator(pg_catalog.=) made.indkey[place operator(pg_catalog.-) 1]
                              and pg_catalog.to_jsonb(other)
                                  operator(pg_catalog.->>) 'collisdeterministic'
                                  operator(pg_catalog.=) 'false'
                              and attribute.attcollation operator(pg_catalog.<>) other.oid
                        )
                    ),
                    ', ' order by place
                )
                from pg_catalog.generate_series(1, made.indnkeyatts::integer) as places (place)
            ),
            ')',
            case
                when pg_catalog.to_jsonb(made) operator(pg_catalog.->>) 'indnullsnotdistinct'
                    operator(pg_catalog.=) 'true'
                    then ' nulls not distinct'
            end,
            ' where ' operator(pg_catalog.||) pg_catalog.pg_get_expr(made.indpred, made.indrelid),
            (
                select case
                    when key.condeferred then ' deferrable initially deferred'
                    when key.condeferrable then ' deferrable'
                end
                from pg_catalog.pg_constraint as key
                where key.conindid operator(pg_catalog.=) made.indexrelid
                  and key.contype operator(pg_catalog.=) any ('{p,u}'::pg_catalog."char"[])
            )
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
        made.tgname as name,
        -- Without the word that makes it.
        pg_catalog.substr(pg_catalog.pg_get_triggerdef(made.oid, true), 8) as made,
        -- For each row, before, update and nothing else, whichever columns change.
        made.tgtype::integer operator(pg_catalog.=) 19
            and made.tgqual is null
            and pg_catalog.cardinality(made.tgattr::smallint[]) operator(pg_catalog.=) 0
            and made.tgenabled operator(pg_catalog.<>) 'R'
            and case language.lanname
                when 'plpgsql' then pg_catalog.regexp_replace(
                    pg_catalog.lower(work.prosrc),
                    -- Remarks up to their line's end, and what means nothing.
                    pg_catalog.concat(
                        '--[^', pg_catalog.chr(10), pg_catalog.chr(13), ']*|',
                        'pg_catalog[.]|[[:space:]]+'
                    ),
                    '',
                    'g'
                ) operator(pg_catalog.~) pg_catalog.concat(
                    '^beginnew[.]updated_at:?=(now[(][)]|current_timestamp|',
                    '(clock|statement|transaction)_timestamp[(][)]);returnnew;end;?$'
                )
                -- An extension of PostgreSQL's own.
                when 'c' then work.prosrc operator(pg_catalog.=) 'moddatetime'
                    and work.probin operator(pg_catalog.~) '^([$]libdir/)?moddatetime$'
                    and made.tgargs operator(pg_catalog.=)
                        pg_catalog.decode('757064617465645f617400', 'hex')
                else false
            end as is_upkeep
    from tables
    join pg_catalog.pg_trigger as made
        on made.tgrelid operator(pg_catalog.=) tables.oid
    join pg_catalog.pg_proc as work
        on work.oid operator(pg_catalog.=) made.tgfoid
    join pg_catalog.pg_language as language
        on language.oid operator(pg_catalog.=) work.prolang
    where not made.tgisinternal
      and made.tgenabled operator(pg_catalog.<>) 'D'
),
rules as (
    select
        tables.name as table_name,
        'rule' as kind,
        made.rulename as name,
        pg_catalog.concat(
            made.rulename,
            ' on ',
            case made.ev_type
                when '1' then 'select'
                when '2' then 'update'
                when '3' then 'insert'
                else 'delete'
            end,
            case when made.is_instead then ' instead' end
        ) as made
    from tables
    join pg_catalog.pg_rewrite as made
        on made.ev_class operator(pg_catalog.=) tables.oid
    -- A view is told as such.
    where made.rulename operator(pg_catalog.<>) '_RETURN'
      and made.ev_enabled operator(pg_catalog.<>) 'D'
),
relatives as (
    -- What a child table holds is seen in its parent, under no key of that.
    select
        tables.name as table_name,
        'inheritance' as kind,
        '' as name,
        pg_catalog.concat('child table ', made.inhrelid::pg_catalog.regclass) as made
    from tables
    join pg_catalog.pg_inherits as made
        on made.inhparent operator(pg_catalog.=) tables.oid
    union all
    select
        tables.name,
        'inheritance',
        '',
        pg_catalog.concat('parent table ', made.inhparent::pg_catalog.regclass)
    from tables
    join pg_catalog.pg_inherits as made
        on made.inhrelid operator(pg_catalog.=) tables.oid
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
    join pg_catalog.unnest(
        array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']
    ) as wanted_right (name)
        on pg_catalog.has_table_privilege(role.oid, tables.oid, wanted_right.name)
    union all
    select
        tables.name,
        'right',
        role.rolname::pg_catalog.text,
        pg_catalog.concat(
            pg_catalog.lower(wanted_right.name), ' of some columns to ', role.rolname
        )
    from tables
    join pg_catalog.pg_roles as role
        on role.rolname::pg_catalog.text
            operator(pg_catalog.=) any (array['anon', 'authenticated', 'service_role'])
    join pg_catalog.unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'])
        as wanted_right (name)
        on pg_catalog.has_any_column_privilege(role.oid, tables.oid, wanted_right.name)
        and not pg_catalog.has_table_privilege(role.oid, tables.oid, wanted_right.name)
)
select name, 'table', '', made from tables
union all
select name, 'row-level security', '', 'row-level security' from tables where is_guarded
union all
select name, 'row-level security', '', 'row-level security that binds the owner, too'
from tables where is_guarded_from_owner
union all
select table_name, kind, name, made from columns
union all
select table_name, kind, name, made from constraints
union all
select table_name, kind, name, made from indexes
union all
-- However many do the same upkeep.
select distinct table_name, 'trigger', '', 'that keeps updated_at' from triggers where is_upkeep
union all
select table_name, 'other trigger', name, made from triggers where not is_upkeep
union all
select table_name, kind, name, made from rules
union all
select table_name, kind, name, made from relatives
union all
select table_name, kind, name, made from policies
union all
select table_name, kind, name, made from rights
