-- The commands that wait, each once.

create table command_queues (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    command_id text_uuid not null,
    agent_id text_uuid,
    position integer not null,
    priority integer not null default 0,
    estimated_duration_ms integer,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint command_queues_pkey primary key (id),
    constraint command_queues_command_id_key unique (command_id),
    constraint command_queues_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint command_queues_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint command_queues_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint command_queues_position_range check (
        typeof(position) = 'integer' and position between 0 and 2147483647
    ),
    constraint command_queues_priority_range check (
        typeof(priority) = 'integer' and priority between -100 and 100
    ),
    constraint command_queues_estimated_duration_ms_range check (
        typeof(estimated_duration_ms) in ('null', 'integer')
        and estimated_duration_ms between 1 and 3600000
    ),
    constraint command_queues_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    )
);

create index command_queues_agent_id_idx on command_queues (agent_id);
