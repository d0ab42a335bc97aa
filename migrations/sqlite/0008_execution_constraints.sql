-- What agents may do. The row without an agent holds for all, and there is one.

create table execution_constraints (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    agent_id text_uuid,
    -- In milliseconds.
    max_execution_time integer,
    max_memory_mb integer,
    allowed_commands text_array,
    blocked_commands text_array,
    environment_variables text_json not null default '{}',
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint execution_constraints_pkey primary key (id),
    constraint execution_constraints_agent_id_key unique (agent_id),
    constraint execution_constraints_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint execution_constraints_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint execution_constraints_max_execution_time_range check (
        typeof(max_execution_time) in ('null', 'integer')
        and max_execution_time between 1 and 3600000
    ),
    constraint execution_constraints_max_memory_mb_range check (
        typeof(max_memory_mb) in ('null', 'integer') and max_memory_mb between 1 and 32768
    ),
    constraint execution_constraints_allowed_commands_array check (
        allowed_commands is null
        or (typeof(allowed_commands) = 'text'
            and json_valid(allowed_commands)
            and json_type(allowed_commands) = 'array')
    ),
    constraint execution_constraints_allowed_commands_count
        check (json_array_length(allowed_commands) <= 1000),
    constraint execution_constraints_blocked_commands_array check (
        blocked_commands is null
        or (typeof(blocked_commands) = 'text'
            and json_valid(blocked_commands)
            and json_type(blocked_commands) = 'array')
    ),
    constraint execution_constraints_blocked_commands_count
        check (json_array_length(blocked_commands) <= 1000),
    constraint execution_constraints_one_list
        check (allowed_commands is null or blocked_commands is null),
    constraint execution_constraints_environment_variables_json check (
        typeof(environment_variables) = 'text' and json_valid(environment_variables)
    ),
    constraint execution_constraints_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    ),
    constraint execution_constraints_updated_at_time check (
        typeof(updated_at) = 'text'
        and length(updated_at) = 27
        and updated_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and updated_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(updated_at, 1, 19), '+0 days')
            is substr(updated_at, 1, 19)
    )
);

create unique index execution_constraints_global_key
    on execution_constraints ((agent_id is null)) where agent_id is null;

create trigger execution_constraints_set_updated_at
    after update on execution_constraints
    for each row
begin
    update execution_constraints
    set updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
    where id = new.id;
end;
