-- What agents asked, thought and did, as a tree.

create table trace_entries (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    command_id text_uuid,
    agent_id text_uuid not null,
    parent_id text_uuid,
    type text not null,
    content text_json not null default '{}',
    metadata text_json not null default '{}',
    "timestamp" text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    duration_ms integer,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint trace_entries_pkey primary key (id),
    constraint trace_entries_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint trace_entries_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint trace_entries_parent_id_fkey
        foreign key (parent_id) references trace_entries (id) on delete cascade,
    constraint trace_entries_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint trace_entries_type_known
        check (type in ('request', 'response', 'thought', 'action', 'observation', 'error')),
    constraint trace_entries_content_json check (typeof(content) = 'text' and json_valid(content)),
    constraint trace_entries_metadata_json check (
        typeof(metadata) = 'text' and json_valid(metadata)
    ),
    constraint trace_entries_timestamp_time check (
        typeof("timestamp") = 'text'
        and length("timestamp") = 27
        and "timestamp" glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and "timestamp" glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr("timestamp", 1, 19), '+0 days')
            is substr("timestamp", 1, 19)
    ),
    constraint trace_entries_duration_ms_range check (
        typeof(duration_ms) in ('null', 'integer') and duration_ms between 0 and 3600000
    ),
    constraint trace_entries_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    ),
    constraint trace_entries_parent_id_other check (parent_id <> id)
);

create index trace_entries_command_id_idx on trace_entries (command_id);
create index trace_entries_agent_id_idx on trace_entries (agent_id);
create index trace_entries_parent_id_idx on trace_entries (parent_id);
