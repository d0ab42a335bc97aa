-- What agents asked, thought and did, as a tree.

create type trace_entry_type as enum (
    'request', 'response', 'thought', 'action', 'observation', 'error'
);

create table trace_entries (
    id uuid not null default pg_catalog.gen_random_uuid(),
    command_id uuid,
    agent_id uuid not null,
    parent_id uuid,
    type trace_entry_type not null,
    content jsonb not null default '{}',
    metadata jsonb not null default '{}',
    "timestamp" timestamptz not null default pg_catalog.now(),
    duration_ms integer,
    created_at timestamptz not null default pg_catalog.now(),
    constraint trace_entries_pkey primary key (id),
    constraint trace_entries_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint trace_entries_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint trace_entries_parent_id_fkey
        foreign key (parent_id) references trace_entries (id) on delete cascade,
    constraint trace_entries_duration_ms_range check (duration_ms between 0 and 3600000),
    constraint trace_entries_parent_id_other check (parent_id <> id)
);

create index trace_entries_command_id_idx on trace_entries (command_id);
create index trace_entries_agent_id_idx on trace_entries (agent_id);
create index trace_entries_parent_id_idx on trace_entries (parent_id);
