select pg_catalog.lo_from_bytea(0::pg_catalog.oid, pg_catalog.decode('00', 'hex'))::bigint
