-- The agents: PostgreSQL's table, as far as SQLite can be held to it.
--
-- SQLite has few types, so the declared type says what a text means: text_uuid,
-- text_time, text_json, text_array, text_inet. All have the affinity of text;
-- a reader decodes by them. STRICT tables would not allow such names, so a
-- check on each column does what STRICT would do.
--
-- A text holds no character 0: PostgreSQL's hold none, and length() would stop
-- counting there. A time is UTC with microseconds, so that the order of the
-- texts is the order of the times.

create table agents (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    name text not null,
    type text not null,
    status text not null default 'disconnected',
    last_ping text_time,
    metadata text_json not null default '{}',
    capabilities text_array not null default '[]',
    version text,
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint agents_pkey primary key (id),
    constraint agents_name_key unique (name),
    constraint agents_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint agents_name_length check (
        typeof(name) = 'text' and length(name) between 1 and 100 and instr(name, char(0)) = 0
    ),
    constraint agents_type_known check (type in ('claude', 'gemini', 'codex', 'custom')),
    constraint agents_status_known check (status in ('connected', 'disconnected', 'busy', 'error')),
    constraint agents_last_ping_time check (
        typeof(last_ping) in ('null', 'text')
        and length(last_ping) = 27
        and last_ping glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and last_ping glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(last_ping, 1, 19), '+0 days')
            is substr(last_ping, 1, 19)
    ),
    constraint agents_metadata_json check (typeof(metadata) = 'text' and json_valid(metadata)),
    constraint agents_capabilities_array check (
        typeof(capabilities) = 'text'
        and json_valid(capabilities)
        and json_type(capabilities) = 'array'
    ),
    constraint agents_version_text check (
        typeof(version) in ('null', 'text') and instr(version, char(0)) = 0
    ),
    constraint agents_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    ),
    constraint agents_updated_at_time check (
        typeof(updated_at) = 'text'
        and length(updated_at) = 27
        and updated_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and updated_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(updated_at, 1, 19), '+0 days')
            is substr(updated_at, 1, 19)
    )
);

-- PostgreSQL's trigger changes the row on its way in. SQLite's can do it only
-- afterwards, so RETURNING still gives the former time.
create trigger agents_set_updated_at
    after update on agents
    for each row
begin
    update agents
    set updated_at = strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')
    where id = new.id;
end;
