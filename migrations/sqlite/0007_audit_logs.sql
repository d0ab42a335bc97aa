-- Who did what. Rows are added and, when they are old, removed; none is changed.

create table audit_logs (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    user_id text_uuid,
    action text not null,
    resource_type text not null,
    resource_id text,
    details text_json not null default '{}',
    ip_address text_inet,
    user_agent text,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint audit_logs_pkey primary key (id),
    constraint audit_logs_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint audit_logs_user_id_uuid check (
        typeof(user_id) in ('null', 'text')
        and length(replace(user_id, '-', '')) = 32
        and replace(user_id, '-', '') not glob '*[^0-9a-f]*'
        and user_id like '________-____-____-____-____________'
    ),
    constraint audit_logs_action_length check (
        typeof(action) = 'text' and length(action) between 1 and 100 and instr(action, char(0)) = 0
    ),
    constraint audit_logs_resource_type_length check (
        typeof(resource_type) = 'text'
        and length(resource_type) between 1 and 50
        and instr(resource_type, char(0)) = 0
    ),
    constraint audit_logs_resource_id_length check (
        typeof(resource_id) in ('null', 'text')
        and length(resource_id) <= 100
        and instr(resource_id, char(0)) = 0
    ),
    constraint audit_logs_details_json check (typeof(details) = 'text' and json_valid(details)),
    -- An address is known by its characters only.
    constraint audit_logs_ip_address_inet check (
        typeof(ip_address) in ('null', 'text')
        and length(ip_address) between 2 and 49
        and ip_address not glob '*[^0-9a-f.:/]*'
    ),
    constraint audit_logs_user_agent_length check (
        typeof(user_agent) in ('null', 'text')
        and length(user_agent) <= 1000
        and instr(user_agent, char(0)) = 0
    ),
    constraint audit_logs_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    )
);

create index audit_logs_created_at_idx on audit_logs (created_at desc);
create index audit_logs_resource_type_created_at_idx
    on audit_logs (resource_type, created_at desc);
