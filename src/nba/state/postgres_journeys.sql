-- What a store in PostgreSQL does, first part: names, events, deadlines.
--
-- Each function is one operation of the store, and one step for all others: who reads only, reads
-- from one snapshot (`stable`); who writes, locks the customer first. Locks are taken in one
-- order (customers, by number; then who asks what is due; then accounts, by owner), so nobody waits
-- in a circle. There are 1024 locks for all customers: so many names can be held at once.
-- Where a name came to lead elsewhere in between, the caller is told to begin anew (40001).
--
-- Nearly all is PL/pgSQL, as that keeps plans: functions in SQL with a subquery are planned anew
-- with each call.

create or replace function nba.customer_of(given text) returns text
language plpgsql stable as $$
begin
    return coalesce((select customer from nba.names where name = given), given);
end $$;

create or replace function nba.names_of(given text) returns text[]
language plpgsql stable as $$
begin
    return coalesce(
        (select array_agg(name order by name) from nba.names where customer = given), array[given]
    );
end $$;

-- The customer that a name leads to, and all names that lead there.
create or replace function nba.known_as(given text) returns setof text
language plpgsql stable as $$
declare
    customer_ text := nba.customer_of(given);
begin
    return next customer_;
    return query select name from nba.names where customer = customer_ and name <> customer_;
end $$;

create or replace function nba.lock_number(customer text) returns integer
language sql immutable as $$
    select (hashtextextended(customer, 0) & 1023)::integer
$$;

-- Lock the customer that a name leads to, and return it.
create or replace function nba.lock_customer(given text) returns text
language plpgsql as $$
declare
    found_ text := nba.customer_of(given);
begin
    perform pg_advisory_xact_lock('nba.names'::regclass::oid::integer, nba.lock_number(found_));
    if nba.customer_of(given) <> found_ then
        raise exception 'names changed' using errcode = '40001';
    end if;
    return found_;
end $$;

-- Lock the customers that several names lead to, and return them in the order of the names.
create or replace function nba.lock_customers(given text[]) returns text[]
language plpgsql as $$
declare
    found_ text[] := array(
        select nba.customer_of(name) from unnest(given) with ordinality as g (name, place)
        order by place
    );
    number_ integer;
begin
    for number_ in select distinct nba.lock_number(c) as n from unnest(found_) as c order by n loop
        perform pg_advisory_xact_lock('nba.names'::regclass::oid::integer, number_);
    end loop;
    if found_ <> array(
        select nba.customer_of(name) from unnest(given) with ordinality as g (name, place)
        order by place
    ) then
        raise exception 'names changed' using errcode = '40001';
    end if;
    return found_;
end $$;

-- Give a customer of whom something is known another version, and return it. Who knew an older one
-- then reads all decisions again, unless decisions were `only_added` or amended.
create or replace function nba.changed(given text, in_journey boolean, only_added boolean)
returns bigint
language plpgsql as $$
declare
    version_ bigint := nextval('nba.changes');
begin
    insert into nba.names as n (name, customer, version, journey, added)
    values (
        given, given, version_, case when in_journey then nextval('nba.changes') else 0 end, version_
    )
    on conflict (name) do update
    set version = excluded.version,
        journey = case when in_journey then excluded.journey else n.journey end,
        added = case when only_added and n.version > 0 then n.added else excluded.added end;
    return version_;
end $$;

-- The same, where it is open whether anything is known; a name that nothing is known of goes.
create or replace function nba.changed_or_gone(given text, in_journey boolean) returns void
language plpgsql as $$
declare
    names_ text[] := nba.names_of(given);
begin
    if nba.customer_of(given) = given and (
        exists (select from nba.events where recorded_as = any (names_))
        or exists (select from nba.decisions where recorded_as = any (names_))
    ) then
        perform nba.changed(given, in_journey, false);
        return;
    end if;
    update nba.names set version = 0, journey = 0 where name = given and version <> 0;
    delete from nba.names as n
    where name = given and towards is null
        and not exists (select from nba.names as other where other.towards = n.name);
end $$;

-- Record events; return the places of those that were new to the journey, from 1.
create or replace function nba.append(given text, ids text[], times numeric[], contents text[])
returns integer[]
language plpgsql as $$
declare
    customer_ text := nba.lock_customer(given);
    names_ text[] := nba.names_of(customer_);
    new_ integer[];
begin
    new_ := array(
        select min(place)::integer from unnest(ids) with ordinality as g (id, place)
        where not exists (
            select from nba.events as e where e.recorded_as = any (names_) and e.id = g.id
        )
        group by id order by 1
    );
    insert into nba.events (recorded_as, id, at, position, content)
    select given, id, at, nextval('nba.changes'), content from (
        select * from unnest(ids, times, contents) with ordinality as g (id, at, content, place)
        order by place
    ) as g
    on conflict do nothing;
    if cardinality(new_) > 0 then
        perform nba.changed(customer_, true, true);
    end if;
    return new_;
end $$;

-- The journey of a customer; its events only where the caller does not have that version.
create or replace function nba.journey(
    given text, have bigint, out customer_ text, out version_ bigint, out contents_ text[]
)
language plpgsql stable as $$
begin
    customer_ := nba.customer_of(given);
    version_ := coalesce((select journey from nba.names where name = customer_), 0);
    if version_ <> 0 and version_ <> have then
        contents_ := nba.contents_of(nba.names_of(customer_));
    end if;
end $$;

create or replace function nba.contents_of(names_ text[]) returns text[]
language plpgsql stable as $$
begin
    return (
        select array_agg(content order by position) from nba.events
        where recorded_as = any (names_)
    );
end $$;

create or replace function nba.version(given text) returns bigint
language plpgsql stable as $$
begin
    return coalesce((select version from nba.names where name = nba.customer_of(given)), 0);
end $$;

-- Let a name lead nowhere or elsewhere, with all that lead to it.
create or replace function nba.lead(given text, to_name text, to_customer text) returns void
language plpgsql as $$
begin
    insert into nba.names (name, towards, customer) values (given, to_name, to_customer)
    on conflict (name) do update set towards = excluded.towards;
    with recursive below (name) as (
        select given collate "C"
        union
        select n.name from nba.names as n join below on n.towards = below.name
    )
    update nba.names as n set customer = to_customer from below where n.name = below.name;
end $$;

-- Return the customers before and after; null where nothing changed, and '!' for a circle.
create or replace function nba.link(given text, to_name text) returns text[]
language plpgsql as $$
declare
    locked text[] := nba.lock_customers(array[given, to_name]);
begin
    if exists (select from nba.names where name = given and towards = to_name) then
        return null;
    end if;
    if locked[1] = locked[2] and exists (
        with recursive above (name) as (
            select to_name collate "C"
            union
            select n.towards from nba.names as n join above on n.name = above.name
            where n.towards is not null
        )
        select from above where name = given
    ) then
        return array['!'];
    end if;
    insert into nba.names (name, customer) values (to_name, locked[2]) on conflict do nothing;
    perform nba.lead(given, to_name, locked[2]);
    if locked[1] = locked[2] then
        return null;
    end if;
    delete from nba.deadlines where customer = given;
    perform nba.changed_or_gone(name, true) from unnest(locked) as name;
    return locked;
end $$;

-- Return the customer before, or null where it led nowhere.
create or replace function nba.unlink(given text) returns text
language plpgsql as $$
declare
    customer_ text := nba.lock_customer(given);
begin
    if customer_ = given then
        return null;
    end if;
    perform nba.lead(given, null, given);
    perform nba.changed_or_gone(name, true) from unnest(array[customer_, given]) as name;
    return customer_;
end $$;

create or replace function nba.customers() returns setof text
language plpgsql stable as $$
begin
    return query select customer from nba.names where version > 0 or towards is not null
    union
    select customer from nba.deadlines;
end $$;

-- Replace a customer's deadlines, unless the version given is not the customer's any more.
--
-- Who sets deadlines shares a lock with others who do, and who asks for a later time than anybody
-- before has it alone. So a deadline after the latest time that was asked for is known in time to
-- everybody, and only those that come late are counted, one writer after the other.
create or replace function nba.set_deadlines(
    given text, wanted_version bigint, times numeric[], moments text[], changes text[]
) returns boolean
language plpgsql as $$
declare
    asked_ numeric;
    late_ bigint := 0;
begin
    if nba.lock_customer(given) <> given
        or wanted_version <> coalesce((select version from nba.names where name = given), 0)
    then
        return false;
    end if;
    delete from nba.deadlines as d
    where customer = given and not exists (
        select from unnest(times, moments, changes) as w (at, moment, change)
        where (w.at, w.moment, w.change) = (d.at, d.moment, d.change)
    );
    if cardinality(times) = 0 then
        return true;
    end if;
    perform pg_advisory_xact_lock_shared('nba.store'::regclass::oid::integer, 0);
    asked_ := (select asked from nba.store);
    if exists (
        select from unnest(times, moments, changes) as w (at, moment, change)
        where w.at <= asked_ and not exists (
            select from nba.deadlines as d
            where (d.at, d.customer, d.moment, d.change) = (w.at, given, w.moment, w.change)
        )
    ) then
        update nba.store set known = known + 1 returning known into late_;
    end if;
    insert into nba.deadlines (at, customer, moment, change, known)
    select at, given, moment, change, case when at <= asked_ then late_ else 0 end
    from unnest(times, moments, changes) as w (at, moment, change)
    on conflict do nothing;
    return true;
end $$;

-- What a pass has to give, at most so many, in order; and how many had become known late.
create or replace function nba.due(
    covered_until numeric, covered_known bigint, goal_until numeric, goal_known bigint,
    last_at numeric, last_customer text, last_moment text, last_change text, at_most integer,
    out known_ bigint, out found_ json
)
language plpgsql as $$
begin
    if goal_until > (select asked from nba.store) then
        perform pg_advisory_xact_lock('nba.store'::regclass::oid::integer, 0);
        update nba.store set asked = goal_until where asked < goal_until;
    end if;
    select s.known, (
        select json_agg(json_build_array(d.at, d.customer, d.moment, d.change)) from (
            select * from (
                select d.at, d.customer, d.moment, d.change from nba.deadlines as d
                where d.known > least(covered_known, s.known) and d.known <= least(goal_known, s.known)
                    and d.known > 0 and d.at <= covered_until
                    and (last_at is null or (d.at, d.customer, d.moment, d.change)
                        > (last_at, last_customer, last_moment, last_change))
                order by d.at, d.customer, d.moment, d.change limit at_most
            ) as became_known
            union all
            select * from (
                select d.at, d.customer, d.moment, d.change from nba.deadlines as d
                where d.at > covered_until and d.at <= goal_until
                    and d.known <= least(goal_known, s.known)
                    and (d.at, d.customer, d.moment, d.change) > (
                        coalesce(last_at, covered_until), coalesce(last_customer, ''),
                        coalesce(last_moment, ''), coalesce(last_change, '')
                    )
                order by d.at, d.customer, d.moment, d.change limit at_most
            ) as came
            order by at, customer, moment, change limit at_most
        ) as d
    )
    into known_, found_
    from nba.store as s;
end $$;
