-- The commands that agents are given, and what became of them.

create table commands (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    agent_id text_uuid not null,
    command text not null,
    arguments text_json not null default '{}',
    status text not null default 'pending',
    priority integer not null default 0,
    result text_json,
    error text,
    started_at text_time,
    completed_at text_time,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint commands_pkey primary key (id),
    constraint commands_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint commands_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint commands_command_length check (
        typeof(command) = 'text'
        and length(command) between 1 and 10000
        and instr(command, char(0)) = 0
    ),
    constraint commands_arguments_json check (typeof(arguments) = 'text' and json_valid(arguments)),
    constraint commands_status_known
        check (status in ('pending', 'queued', 'executing', 'completed', 'failed', 'cancelled')),
    constraint commands_priority_range check (
        typeof(priority) = 'integer' and priority between -100 and 100
    ),
    constraint commands_result_json
        check (result is null or (typeof(result) = 'text' and json_valid(result))),
    constraint commands_error_length check (
        typeof(error) in ('null', 'text') and length(error) <= 10000 and instr(error, char(0)) = 0
    ),
    constraint commands_started_at_time check (
        typeof(started_at) in ('null', 'text')
        and length(started_at) = 27
        and started_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and started_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(started_at, 1, 19), '+0 days')
            is substr(started_at, 1, 19)
    ),
    constraint commands_completed_at_time check (
        typeof(completed_at) in ('null', 'text')
        and length(completed_at) = 27
        and completed_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and completed_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(completed_at, 1, 19), '+0 days')
            is substr(completed_at, 1, 19)
    ),
    constraint commands_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    ),
    constraint commands_started_at_order check (started_at >= created_at),
    constraint commands_completed_at_order check (completed_at >= started_at),
    constraint commands_completed_at_status
        check ((completed_at is not null) = (status in ('completed', 'failed', 'cancelled')))
);

create index commands_agent_id_status_priority_created_at_idx
    on commands (agent_id, status, priority desc, created_at);
