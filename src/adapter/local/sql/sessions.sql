with clients as (
    -- Without the right to see other sessions their kind is null; a client's
    -- session is then the one that has both a database and a role.
    select case
        when application_name operator(pg_catalog.<>) '' then application_name
        else usename::pg_catalog.text
    end as holder
    from pg_catalog.pg_stat_activity
    where backend_type operator(pg_catalog.=) 'client backend'
       or (backend_type is null and datid is not null and usesysid is not null)
),
holders as (
    select holder as name, pg_catalog.count(*) as connections
    from clients
    where holder is not null
    group by holder
    order by pg_catalog.count(*) desc, holder
    limit 5
)
select
    (select pg_catalog.count(*) from clients),
    array(select name from holders order by connections desc, name),
    array(select connections from holders order by connections desc, name)
