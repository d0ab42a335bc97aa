-- The commands that agents are given, and what became of them.

create type command_status as enum (
    'pending', 'queued', 'executing', 'completed', 'failed', 'cancelled'
);

create table commands (
    id uuid not null default pg_catalog.gen_random_uuid(),
    agent_id uuid not null,
    command text not null,
    arguments jsonb not null default '{}',
    status command_status not null default 'pending',
    priority integer not null default 0,
    result jsonb,
    error text,
    started_at timestamptz,
    completed_at timestamptz,
    created_at timestamptz not null default pg_catalog.now(),
    constraint commands_pkey primary key (id),
    constraint commands_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint commands_command_length check (pg_catalog.char_length(command) between 1 and 10000),
    constraint commands_error_length check (pg_catalog.char_length(error) <= 10000),
    constraint commands_priority_range check (priority between -100 and 100),
    constraint commands_started_at_order check (started_at >= created_at),
    constraint commands_completed_at_order check (completed_at >= started_at),
    constraint commands_completed_at_status check (
        (completed_at is not null) = (status operator(pg_catalog.=) any (
            array['completed', 'failed', 'cancelled']::command_status[]
        ))
    )
);

create index commands_agent_id_status_priority_created_at_idx
    on commands (agent_id, status, priority desc, created_at);
