-- Who reaches the tables through Supabase's REST interface: signed-in users and
-- the service, under row-level security; the bare anonymous key reaches nothing.
-- A server without Supabase's three roles is left as it is.
-- Functions are named with their schema: where the tables go, others may have put
-- functions of the same names.

do $$
declare
    target text;
    role_name text;
    rights text;
begin
    if (select pg_catalog.count(*) from pg_catalog.pg_roles
        where rolname in ('anon', 'authenticated', 'service_role')) < 3 then
        return;
    end if;
    foreach role_name in array array['authenticated', 'service_role'] loop
        -- In public they have it already, and who migrates need not own public.
        if not pg_catalog.has_schema_privilege(
            role_name::name, pg_catalog.current_schema()::text, 'usage'
        ) then
            execute pg_catalog.format(
                'grant usage on schema %I to %I', pg_catalog.current_schema(), role_name
            );
        end if;
    end loop;
    foreach target in array array[
        'agents', 'commands', 'terminal_outputs', 'command_presets', 'trace_entries',
        'investigation_reports', 'audit_logs', 'execution_constraints', 'command_queues'
    ] loop
        execute pg_catalog.format('alter table %I enable row level security', target);
        -- Default privileges may have given rights that row-level security does
        -- not bound, such as truncate.
        execute pg_catalog.format('revoke all on table %I from public, anon, authenticated, service_role', target);
        foreach role_name in array array['authenticated', 'service_role'] loop
            rights := case
                -- What has been logged is not changed; the service removes what is old.
                when target = 'audit_logs' and role_name = 'authenticated'
                    then 'select, insert'
                when target = 'audit_logs' then 'select, insert, delete'
                else 'select, insert, update, delete'
            end;
            execute pg_catalog.format('grant %s on table %I to %I', rights, target, role_name);
            execute pg_catalog.format(
                'create policy %I on %I for all to %I using (true) with check (true)',
                target || '_' || role_name, target, role_name
            );
        end loop;
    end loop;
    -- A PostgREST that is running learns of the tables when this is committed.
    notify pgrst, 'reload schema';
end
$$;
