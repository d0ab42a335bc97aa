select
    pg_catalog.quote_ident(namespace.nspname)
        operator(pg_catalog.||) '.'
        operator(pg_catalog.||) pg_catalog.quote_ident(class.relname),
    array(
        select attname::pg_catalog.text
        from pg_catalog.pg_attribute
        where attrelid operator(pg_catalog.=) class.oid
          and attnum operator(pg_catalog.>) 0
          and not attisdropped
        order by attnum
    ),
    array(
        select attname::pg_catalog.text
        from pg_catalog.pg_attribute
        where attrelid operator(pg_catalog.=) class.oid
          and attnum operator(pg_catalog.>) 0
          and not attisdropped
          and atttypid operator(pg_catalog.=)
              'pg_catalog.timestamptz'::pg_catalog.regtype::pg_catalog.oid
    )
from pg_catalog.pg_class as class
join pg_catalog.pg_namespace as namespace
    on namespace.oid operator(pg_catalog.=) class.relnamespace
where class.oid operator(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid
  and class.relkind operator(pg_catalog.=) any ('{r,p,f,v}'::pg_catalog."char"[])
