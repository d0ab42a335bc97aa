-- What commands wrote to their terminals, piece by piece.

create table terminal_outputs (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    command_id text_uuid not null,
    agent_id text_uuid not null,
    type text not null,
    output text not null,
    -- When it was produced, which may be long before it was stored.
    "timestamp" text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    sequence integer not null,
    is_blank boolean not null default 0,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint terminal_outputs_pkey primary key (id),
    constraint terminal_outputs_command_id_agent_id_sequence_key
        unique (command_id, agent_id, sequence),
    constraint terminal_outputs_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint terminal_outputs_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint terminal_outputs_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint terminal_outputs_type_known check (type in ('stdout', 'stderr', 'system')),
    constraint terminal_outputs_output_length check (
        typeof(output) = 'text' and length(output) <= 100000 and instr(output, char(0)) = 0
    ),
    constraint terminal_outputs_timestamp_time check (
        typeof("timestamp") = 'text'
        and length("timestamp") = 27
        and "timestamp" glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and "timestamp" glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr("timestamp", 1, 19), '+0 days')
            is substr("timestamp", 1, 19)
    ),
    constraint terminal_outputs_sequence_range check (
        typeof(sequence) = 'integer' and sequence between 0 and 2147483647
    ),
    constraint terminal_outputs_is_blank_boolean check (
        typeof(is_blank) = 'integer' and is_blank in (0, 1)
    ),
    constraint terminal_outputs_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    ),
    constraint terminal_outputs_timestamp_order check (
        "timestamp" <= strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+60 seconds')
            || substr(created_at, 20)
    )
);

create index terminal_outputs_command_id_timestamp_idx
    on terminal_outputs (command_id, "timestamp");
create index terminal_outputs_agent_id_idx on terminal_outputs (agent_id);
