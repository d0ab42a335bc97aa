-- What stands against writing here. The schemas are null where they do not
-- exist; has_schema_privilege then says null, too.
select
    pg_catalog.pg_is_in_recovery(),
    pg_catalog.current_setting('default_transaction_read_only')::boolean,
    current_user::pg_catalog.text,
    pg_catalog.current_database()::pg_catalog.text,
    coalesce(
        (
            select pg_catalog.has_schema_privilege(oid, 'CREATE')
            from pg_catalog.pg_namespace
            where nspname::pg_catalog.text operator(pg_catalog.=)
                pg_catalog.current_schema()::pg_catalog.text
        ),
        true
    ),
    (
        select pg_catalog.has_schema_privilege(oid, 'CREATE')
        from pg_catalog.pg_namespace
        where nspname::pg_catalog.text operator(pg_catalog.=) $1
    ),
    pg_catalog.has_database_privilege(pg_catalog.current_database()::pg_catalog.text, 'CREATE')
