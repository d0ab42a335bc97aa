-- Tables that every key reaches, so that the database itself refuses what it
-- shall refuse. Run by the superuser over a stand-in's database.

set role vitals;

create table answers (
    id integer primary key,
    word text not null constraint answers_word_known check (word <> 'forbidden'),
    brief varchar(3),
    parent integer constraint answers_parent_known references answers
);
insert into answers (id, word) values (1, 'one');

-- Reached by nobody.
create table answers_closed (id integer primary key);

-- Reached, and every row is hidden and refused by row-level security.
create table answers_secured (id integer primary key);
insert into answers_secured values (1);
alter table answers_secured enable row level security;

-- Refuses a row with the code that it names, and a reader with a cancellation.
create table answers_raised (code text primary key);
create function answers_raise(code text) returns integer language plpgsql as
$$
begin
    raise exception using errcode = code, message = 'raised for a test';
end
$$;
create function answers_refuse() returns trigger language plpgsql as
$$
begin
    perform public.answers_raise(new.code);
    return new;
end
$$;
create trigger answers_refuse before insert on answers_raised
    for each row execute function answers_refuse();
create view answers_cancelled as select answers_raise('57014') as id;

grant select, insert, update, delete on answers, answers_secured, answers_raised, answers_cancelled
    to anon, authenticated, service_role;
