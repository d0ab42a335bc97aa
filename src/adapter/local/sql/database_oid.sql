select oid::bigint
from pg_catalog.pg_database
where datname operator(pg_catalog.=) pg_catalog.current_database()
