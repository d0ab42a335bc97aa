-- What commands wrote to their terminals, piece by piece.

create type terminal_output_type as enum ('stdout', 'stderr', 'system');

create table terminal_outputs (
    id uuid not null default pg_catalog.gen_random_uuid(),
    command_id uuid not null,
    agent_id uuid not null,
    type terminal_output_type not null,
    output text not null,
    -- When it was produced, which may be long before it was stored.
    "timestamp" timestamptz not null default pg_catalog.now(),
    sequence integer not null,
    is_blank boolean not null default false,
    created_at timestamptz not null default pg_catalog.now(),
    constraint terminal_outputs_pkey primary key (id),
    constraint terminal_outputs_command_id_agent_id_sequence_key
        unique (command_id, agent_id, sequence),
    constraint terminal_outputs_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint terminal_outputs_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint terminal_outputs_output_length check (pg_catalog.char_length(output) <= 100000),
    constraint terminal_outputs_sequence_range check (sequence >= 0),
    constraint terminal_outputs_timestamp_order
        check ("timestamp" <= created_at + interval '1 minute')
);

create index terminal_outputs_command_id_timestamp_idx
    on terminal_outputs (command_id, "timestamp");
create index terminal_outputs_agent_id_idx on terminal_outputs (agent_id);
