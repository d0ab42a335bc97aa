create type kind_of_agent as enum ('claude', 'gemini', 'codex', 'custom');
create type state_of_agent as enum ('connected', 'disconnected', 'busy', 'error');
create type state_of_command as enum
    ('pending', 'queued', 'executing', 'completed', 'failed', 'cancelled');
create type stream as enum ('stdout', 'stderr', 'system');
create type kind_of_trace as enum
    ('request', 'response', 'thought', 'action', 'observation', 'error');

create function touch() returns trigger language plpgsql as $$
begin
    new.updated_at = now();
    return new;
end;
$$;

create table agents (
    id uuid primary key default gen_random_uuid(),
    name text not null unique check (length(name) >= 1 and length(name) <= 100),
    type kind_of_agent not null,
    status state_of_agent not null default 'disconnected',
    last_ping timestamptz,
    metadata jsonb not null default '{}'::jsonb,
    capabilities text[] not null default '{}',
    version text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create trigger touch before update on agents for each row execute function touch();

create table commands (
    id uuid primary key default gen_random_uuid(),
    agent_id uuid not null references agents on delete cascade,
    command text not null check (length(command) between 1 and 10000),
    arguments jsonb not null default '{}',
    status state_of_command not null default 'pending',
    priority int not null default 0 check (priority >= -100 and priority <= 100),
    result jsonb,
    error text check (error is null or length(error) <= 10000),
    started_at timestamptz check (started_at is null or started_at >= created_at),
    completed_at timestamptz,
    created_at timestamptz not null default now(),
    check (started_at <= completed_at),
    check ((status in ('failed', 'completed', 'cancelled')) = (completed_at is not null))
);
create index on commands (agent_id, status, priority desc, created_at);

create table terminal_outputs (
    id uuid primary key default gen_random_uuid(),
    command_id uuid not null references commands on delete cascade,
    agent_id uuid not null references agents on delete cascade,
    type stream not null,
    output text not null check (character_length(output) <= 100000),
    "timestamp" timestamptz not null default now(),
    sequence int not null check (sequence >= 0),
    is_blank boolean not null default false,
    created_at timestamptz not null default now(),
    unique (command_id, agent_id, sequence),
    check (created_at + interval '1 minute' >= "timestamp")
);
create index on terminal_outputs (command_id, "timestamp");
create index on terminal_outputs (agent_id);

create table command_presets (
    id uuid primary key default gen_random_uuid(),
    name text not null check (length(name) between 1 and 100),
    description text check (length(description) <= 1000),
    command text not null check (length(command) between 1 and 10000),
    arguments jsonb not null default '{}',
    category text check (length(category) <= 50),
    icon text check (length(icon) <= 50),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index one_preset_a_name on command_presets (name);
create trigger touch before update on command_presets for each row execute function touch();

create table trace_entries (
    id uuid primary key default gen_random_uuid(),
    command_id uuid references commands on delete cascade,
    agent_id uuid not null references agents on delete cascade,
    parent_id uuid references trace_entries on delete cascade,
    type kind_of_trace not null,
    content jsonb not null default '{}',
    metadata jsonb not null default '{}',
    "timestamp" timestamptz not null default now(),
    duration_ms int check (duration_ms >= 0 and duration_ms <= 3600000),
    created_at timestamptz not null default now(),
    check (id <> parent_id)
);
create index on trace_entries (command_id);
create index on trace_entries (agent_id);
create index on trace_entries (parent_id);

create table investigation_reports (
    id uuid primary key default gen_random_uuid(),
    command_id uuid not null references commands on delete cascade,
    agent_id uuid not null references agents on delete cascade,
    title text not null check (length(title) between 1 and 200),
    summary text not null check (length(summary) between 1 and 5000),
    findings jsonb not null default '{}',
    recommendations text[] not null default '{}' check (cardinality(recommendations) <= 20),
    created_at timestamptz not null default now()
);
create index on investigation_reports (command_id);
create index on investigation_reports (agent_id);

create table audit_logs (
    id uuid primary key default gen_random_uuid(),
    user_id uuid,
    action text not null check (length(action) between 1 and 100),
    resource_type text not null check (length(resource_type) between 1 and 50),
    resource_id text check (length(resource_id) <= 100),
    details jsonb not null default '{}',
    ip_address inet,
    user_agent text check (length(user_agent) <= 1000),
    created_at timestamptz not null default now()
);
create index on audit_logs (created_at desc);
create index on audit_logs (resource_type, created_at desc);

create table execution_constraints (
    id uuid primary key default gen_random_uuid(),
    agent_id uuid unique references agents on delete cascade,
    max_execution_time int check (max_execution_time between 1 and 3600000),
    max_memory_mb int check (max_memory_mb between 1 and 32768),
    allowed_commands text[] check (cardinality(allowed_commands) <= 1000),
    blocked_commands text[] check (cardinality(blocked_commands) <= 1000),
    environment_variables jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check (allowed_commands is null or blocked_commands is null)
);
create unique index on execution_constraints ((agent_id is null)) where agent_id is null;
create trigger touch before update on execution_constraints
    for each row execute function touch();

create table command_queue (
    id uuid primary key default gen_random_uuid(),
    command_id uuid not null unique references commands on delete cascade,
    agent_id uuid references agents on delete cascade,
    position int not null check (position >= 0),
    priority int not null default 0 check (priority between -100 and 100),
    estimated_duration_ms int check (estimated_duration_ms between 1 and 3600000),
    created_at timestamptz not null default now()
);
create index on command_queue (agent_id);
