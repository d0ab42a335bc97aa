-- What not every server has: one that lost its client stops a statement that
-- runs or waits, and no transaction is ended for its length.
select pg_catalog.set_config(
    name,
    case name when 'client_connection_check_interval' then '1000' else '0' end,
    true
)
from pg_catalog.pg_settings
where name operator(pg_catalog.=) any (array['client_connection_check_interval', 'transaction_timeout'])
