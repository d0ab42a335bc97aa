-- The agents, and what several tables of this schema share.
--
-- How these files are written: names are unqualified, so that all tables stand
-- in the first schema of the search path. Every limit is a constraint with a
-- name of its own, since the name is what a refused writer gets to read.
-- Lengths count characters.
--
-- Closed sets are enum types: the deployments that exist have them, so a
-- comparison with one finds the same types; a value that is added later is one
-- ALTER TYPE ... ADD VALUE, without a look at any row.

create type agent_type as enum ('claude', 'gemini', 'codex', 'custom');
create type agent_status as enum ('connected', 'disconnected', 'busy', 'error');

-- The empty search path leaves nothing for a stranger's function to stand in for.
create function set_updated_at() returns trigger
    language plpgsql
    set search_path = ''
as $$
begin
    new.updated_at := pg_catalog.now();
    return new;
end
$$;

create table agents (
    id uuid not null default pg_catalog.gen_random_uuid(),
    name text not null,
    type agent_type not null,
    status agent_status not null default 'disconnected',
    last_ping timestamptz,
    metadata jsonb not null default '{}',
    capabilities text[] not null default '{}',
    version text,
    created_at timestamptz not null default pg_catalog.now(),
    updated_at timestamptz not null default pg_catalog.now(),
    constraint agents_pkey primary key (id),
    constraint agents_name_key unique (name),
    constraint agents_name_length check (pg_catalog.char_length(name) between 1 and 100)
);

create trigger agents_set_updated_at
    before update on agents
    for each row execute function set_updated_at();
