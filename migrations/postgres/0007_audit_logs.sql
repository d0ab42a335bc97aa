-- Who did what. Rows are added and, when they are old, removed; none is changed.

create table audit_logs (
    id uuid not null default pg_catalog.gen_random_uuid(),
    user_id uuid,
    action text not null,
    resource_type text not null,
    resource_id text,
    details jsonb not null default '{}',
    ip_address inet,
    user_agent text,
    created_at timestamptz not null default pg_catalog.now(),
    constraint audit_logs_pkey primary key (id),
    constraint audit_logs_action_length check (pg_catalog.char_length(action) between 1 and 100),
    constraint audit_logs_resource_type_length
        check (pg_catalog.char_length(resource_type) between 1 and 50),
    constraint audit_logs_resource_id_length check (pg_catalog.char_length(resource_id) <= 100),
    constraint audit_logs_user_agent_length check (pg_catalog.char_length(user_agent) <= 1000)
);

create index audit_logs_created_at_idx on audit_logs (created_at desc);
create index audit_logs_resource_type_created_at_idx
    on audit_logs (resource_type, created_at desc);
