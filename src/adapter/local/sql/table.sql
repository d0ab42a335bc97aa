select
    quote_ident(namespace.nspname) || '.' || quote_ident(class.relname),
    array(
        select attname::text
        from pg_attribute
        where attrelid = class.oid and attnum > 0 and not attisdropped
        order by attnum
    )
from pg_class as class
join pg_namespace as namespace on namespace.oid = class.relnamespace
where class.oid = to_regclass($1) and class.relkind in ('r', 'p', 'f', 'v')
