-- What a store in PostgreSQL keeps: version 1.
--
-- Texts are compared by code point (`collate "C"`), as every other store does. Times are numeric:
-- those of the years 1 to 9999, in nanoseconds, do not fit into 64 bits. `nba` stands for the
-- schema that the URL names.

create table nba.schema_version (
    version integer primary key,
    made timestamptz not null default now()
);

-- One row. Who writes late deadlines locks it, so that others see them in the order of `known`.
create table nba.store (
    one boolean primary key default true check (one),
    id text not null,                    -- cursors name it
    known bigint not null default 0,     -- how many times deadlines became known late
    asked numeric not null default -9223372036854775808  -- the latest time that was asked for
);

-- Versions of journeys and memories, and the order in which rows were recorded.
create sequence nba.changes cache 1;

-- The names that lead somewhere, those that are led to, and the customers that have a version.
create table nba.names (
    name text collate "C" primary key,
    towards text collate "C",            -- the name that it leads to; null for a customer
    customer text collate "C" not null,  -- the last of the chain
    version bigint not null default 0,   -- of what is known about a customer
    journey bigint not null default 0    -- of the customer's events
) with (fillfactor = 70);
create index names_customer on nba.names (customer);
create index names_towards on nba.names (towards) where towards is not null;

create table nba.events (
    recorded_as text collate "C" not null,
    id text collate "C" not null,
    at numeric not null,
    position bigint not null,            -- of two rows with one id the lower is in the journey
    content text collate "C" not null,
    primary key (recorded_as, id)
);
create index events_at on nba.events (at);

-- `known` is 0 for those that nobody had asked for when they became known.
create table nba.deadlines (
    at numeric not null,
    customer text collate "C" not null,
    moment text collate "C" not null,
    change text collate "C" not null,
    known bigint not null,
    primary key (at, customer, moment, change)
);
create index deadlines_customer on nba.deadlines (customer);
create index deadlines_known on nba.deadlines (known) where known > 0;

-- `amended_by` and `settled` are the key of the last amendment and its answer, if it is sent again.
create table nba.decisions (
    id text collate "C" primary key,
    recorded_as text collate "C" not null,
    at numeric not null,
    content text collate "C" not null,
    granted integer[] not null,
    answers text[] collate "C" not null,
    revision integer not null default 0,
    amended_by text collate "C",
    settled boolean[]
);
create index decisions_recorded_as on nba.decisions (recorded_as, at, id);
create index decisions_at on nba.decisions (at);

-- `used` is the sum of the entries that were not swept yet: what counts is that without the few
-- that are too old or have expired since.
create table nba.accounts (
    id bigint generated always as identity primary key,
    account text collate "C" not null,
    of_customer boolean not null,
    owner text collate "C" not null,
    used numeric not null default 0,
    unique (owner, account, of_customer)
) with (fillfactor = 50);

create table nba.entries (
    account bigint not null,
    entry text collate "C" not null,
    at numeric not null,
    amount bigint not null,
    expires numeric,
    windowed boolean not null,           -- claimed for a window with a beginning
    primary key (account, entry)
);
create index entries_at on nba.entries (account, at);
create index entries_expires on nba.entries (account, expires) where expires is not null;
create index entries_windowed on nba.entries (at) where windowed;
