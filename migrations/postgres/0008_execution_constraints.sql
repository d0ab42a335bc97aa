-- What agents may do. The row without an agent holds for all, and there is one.

create table execution_constraints (
    id uuid not null default pg_catalog.gen_random_uuid(),
    agent_id uuid,
    max_execution_time integer,
    max_memory_mb integer,
    allowed_commands text[],
    blocked_commands text[],
    environment_variables jsonb not null default '{}',
    created_at timestamptz not null default pg_catalog.now(),
    updated_at timestamptz not null default pg_catalog.now(),
    constraint execution_constraints_pkey primary key (id),
    constraint execution_constraints_agent_id_key unique (agent_id),
    constraint execution_constraints_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    -- In milliseconds.
    constraint execution_constraints_max_execution_time_range
        check (max_execution_time between 1 and 3600000),
    constraint execution_constraints_max_memory_mb_range
        check (max_memory_mb between 1 and 32768),
    constraint execution_constraints_allowed_commands_count
        check (pg_catalog.cardinality(allowed_commands) <= 1000),
    constraint execution_constraints_blocked_commands_count
        check (pg_catalog.cardinality(blocked_commands) <= 1000),
    constraint execution_constraints_one_list
        check (allowed_commands is null or blocked_commands is null)
);

create unique index execution_constraints_global_key
    on execution_constraints ((agent_id is null)) where agent_id is null;

create trigger execution_constraints_set_updated_at
    before update on execution_constraints
    for each row execute function set_updated_at();
