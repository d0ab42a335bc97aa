-- What agents found out, in words.

create table investigation_reports (
    id text_uuid not null default (lower(
        hex(randomblob(4)) || '-' || hex(randomblob(2))
        || '-4' || substr(hex(randomblob(2)), 2)
        || '-' || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2)
        || '-' || hex(randomblob(6))
    )),
    command_id text_uuid not null,
    agent_id text_uuid not null,
    title text not null,
    summary text not null,
    findings text_json not null default '{}',
    recommendations text_array not null default '[]',
    created_at text_time not null default (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    constraint investigation_reports_pkey primary key (id),
    constraint investigation_reports_command_id_fkey
        foreign key (command_id) references commands (id) on delete cascade,
    constraint investigation_reports_agent_id_fkey
        foreign key (agent_id) references agents (id) on delete cascade,
    constraint investigation_reports_id_uuid check (
        typeof(id) = 'text'
        and length(replace(id, '-', '')) = 32
        and replace(id, '-', '') not glob '*[^0-9a-f]*'
        and id like '________-____-____-____-____________'
    ),
    constraint investigation_reports_title_length check (
        typeof(title) = 'text' and length(title) between 1 and 200 and instr(title, char(0)) = 0
    ),
    constraint investigation_reports_summary_length check (
        typeof(summary) = 'text'
        and length(summary) between 1 and 5000
        and instr(summary, char(0)) = 0
    ),
    constraint investigation_reports_findings_json check (
        typeof(findings) = 'text' and json_valid(findings)
    ),
    constraint investigation_reports_recommendations_array check (
        typeof(recommendations) = 'text'
        and json_valid(recommendations)
        and json_type(recommendations) = 'array'
    ),
    constraint investigation_reports_recommendations_count
        check (json_array_length(recommendations) <= 20),
    constraint investigation_reports_created_at_time check (
        typeof(created_at) = 'text'
        and length(created_at) = 27
        and created_at glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T*'
        and created_at glob '*T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
        and strftime('%Y-%m-%dT%H:%M:%S', substr(created_at, 1, 19), '+0 days')
            is substr(created_at, 1, 19)
    )
);

create index investigation_reports_command_id_idx on investigation_reports (command_id);
create index investigation_reports_agent_id_idx on investigation_reports (agent_id);
