-- What a store in PostgreSQL keeps: version 2, in which only those decisions of a customer are read
-- again that were added or amended since.

alter table nba.names
    add column added bigint not null default 0;  -- since then decisions were only added or amended

alter table nba.decisions
    add column changed bigint not null default 0;  -- the version that the customer got then

drop index nba.decisions_recorded_as;
create index decisions_changed on nba.decisions (recorded_as, changed);

-- They give something else than before.
drop function if exists nba.changed;
drop function if exists nba.recall;
