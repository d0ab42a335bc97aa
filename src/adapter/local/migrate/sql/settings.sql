-- What not every server has: one that lost its client stops a statement that
-- runs or waits, no transaction is ended for its length, and names are quoted
-- only where they must be, so that definitions compare.
select pg_catalog.set_config(
    name,
    case name
        when 'client_connection_check_interval' then '1000'
        when 'quote_all_identifiers' then 'off'
        else '0'
    end,
    true
)
from pg_catalog.pg_settings
where name operator(pg_catalog.=) any (array[
    'client_connection_check_interval', 'quote_all_identifiers', 'transaction_timeout'
])
