-- The commands that wait, each once.

create table command_queues (
    id uuid not null default pg_catalog.gen_random_uuid(),
    command_id uuid not null,
    agent_id uuid,
    position integer not null,
    priority integer not null default 0,
    estimated_duration_ms integer,
    created_at timestamptz not null default pg_catalog.now(),
    constraint command_queues_pkey primary key (id),
    constraint command_queues_command_id_key unique (command_id),
    constraint command_queues_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint command_queues_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint command_queues_position_range check (position >= 0),
    constraint command_queues_priority_range check (priority between -100 and 100),
    constraint command_queues_estimated_duration_ms_range
        check (estimated_duration_ms between 1 and 3600000)
);

create index command_queues_agent_id_idx on command_queues (agent_id);
