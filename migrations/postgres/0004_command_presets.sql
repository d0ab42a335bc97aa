-- Commands that are kept under a name to be given again.

create table command_presets (
    id uuid not null default pg_catalog.gen_random_uuid(),
    name text not null,
    description text,
    command text not null,
    arguments jsonb not null default '{}',
    category text,
    icon text,
    created_at timestamptz not null default pg_catalog.now(),
    updated_at timestamptz not null default pg_catalog.now(),
    constraint command_presets_pkey primary key (id),
    constraint command_presets_name_key unique (name),
    constraint command_presets_name_length check (pg_catalog.char_length(name) between 1 and 100),
    constraint command_presets_command_length check (pg_catalog.char_length(command) between 1 and 10000),
    constraint command_presets_description_length check (pg_catalog.char_length(description) <= 1000),
    constraint command_presets_category_length check (pg_catalog.char_length(category) <= 50),
    constraint command_presets_icon_length check (pg_catalog.char_length(icon) <= 50)
);

create trigger command_presets_set_updated_at
    before update on command_presets
    for each row execute function set_updated_at();
