-- Commands that are kept under a name to be given again.

create table command_presets (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    name text not null,
    description text,
    command text not null,
    arguments text_json not null default '{}',
    category text,
    icon text,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint command_presets_pkey primary key (id),
    constraint command_presets_name_key unique (name),
    constraint command_presets_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint command_presets_name_length check (
        typeof(name) = 'text' and length(name) between 1 and 100 and instr(name, char(0)) = 0
    ),
    constraint command_presets_description_length check (
        typeof(description) in ('null', 'text')
        and length(description) <= 1000
        and instr(description, char(0)) = 0
    ),
    constraint command_presets_command_length check (
        typeof(command) = 'text'
        and length(command) between 1 and 10000
        and instr(command, char(0)) = 0
    ),
    constraint command_presets_arguments_json check (
        typeof(arguments) = 'text' and json_valid(arguments)
    ),
    constraint command_presets_category_length check (
        typeof(category) in ('null', 'text')
        and length(category) <= 50
        and instr(category, char(0)) = 0
    ),
    constraint command_presets_icon_length check (
        typeof(icon) in ('null', 'text') and length(icon) <= 50 and instr(icon, char(0)) = 0
    ),
    constraint command_presets_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    ),
    constraint command_presets_updated_at_time check (
        typeof(updated_at) = 'text'
        and length(updated_at) = 27
        and updated_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and updated_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(updated_at, 1, 19), '+0 days')
            is substr(updated_at, 1, 19)
    )
);

create trigger command_presets_set_updated_at
    after update on command_presets
    for each row
begin
    update command_presets
    set updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
    where id = new.id;
end;
