-- What a hosted Supabase project's database has around its tables, as far as
-- the REST interface meets it. Run by the superuser in the project's database,
-- before the migrations.

create role anon nologin;
create role authenticated nologin;
create role service_role nologin bypassrls;
-- PostgREST logs in as this one and takes one of the three for each request.
create role authenticator login noinherit password 'never-show-authenticator';
grant anon, authenticated, service_role to authenticator;

-- How long the roles' statements may take, and wait for a lock.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';

create schema extensions;
grant usage on schema public, extensions to anon, authenticated, service_role;

-- A new table may not be read or written by these roles unless it is granted;
-- what stays to them are the other rights.
alter default privileges for role vitals in schema public
    grant truncate, references, trigger on tables to anon, authenticated, service_role;

-- PostgREST learns of new and dropped tables by itself.
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as
$$
begin
    notify pgrst, 'reload schema';
end
$$;
create event trigger pgrst_ddl_watch on ddl_command_end
    execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop
    execute function extensions.pgrst_ddl_watch();
