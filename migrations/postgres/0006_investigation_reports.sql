-- What agents found out, in words.

create table investigation_reports (
    id uuid not null default pg_catalog.gen_random_uuid(),
    command_id uuid not null,
    agent_id uuid not null,
    title text not null,
    summary text not null,
    findings jsonb not null default '{}',
    recommendations text[] not null default '{}',
    created_at timestamptz not null default pg_catalog.now(),
    constraint investigation_reports_pkey primary key (id),
    constraint investigation_reports_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint investigation_reports_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint investigation_reports_title_length
        check (pg_catalog.char_length(title) between 1 and 200),
    constraint investigation_reports_summary_length
        check (pg_catalog.char_length(summary) between 1 and 5000),
    constraint investigation_reports_recommendations_count
        check (pg_catalog.cardinality(recommendations) <= 20)
);

create index investigation_reports_command_id_idx on investigation_reports (command_id);
create index investigation_reports_agent_id_idx on investigation_reports (agent_id);
