-- What a store in PostgreSQL does, second part: decisions, what they take, and forgetting.
--
-- What taking means stands in `reservation.py`. An account of a customer is locked with its
-- customer; one of the book or of a household is locked by its row. `used` of an account is kept
-- as a sum, so that what counts is never added up over all entries.

-- What counts on one account, under several owners, later than `since` and not expired at `now_`.
create or replace function nba.used(
    account_ text, owner_ text, names_ text[], since numeric, now_ numeric
) returns numeric
language plpgsql stable as $$
begin
    return (
        select coalesce(sum(a.used - (
            select coalesce(sum(amount), 0) from nba.entries where account = a.id and at <= since
        ) - (
            select coalesce(sum(amount), 0) from nba.entries
            where account = a.id and expires <= now_ and at > since
        )), 0)
        from nba.accounts as a
        where a.owner = any (case when owner_ is null then names_ else array[owner_] end)
            and a.account = account_ and a.of_customer = (owner_ is null)
    );
end $$;

-- All that is remembered about a customer; only what the caller does not have by its version. Where
-- `only_since`, the decisions are those that were added or amended since that version, and not all.
create or replace function nba.recall(
    given text, now_ numeric, have_version bigint, have_journey bigint,
    accounts text[], owners text[], sinces numeric[],
    out customer_ text, out version_ bigint, out journey_ bigint,
    out contents_ text[], out only_since boolean, out decisions_ json, out used_ numeric[]
)
language plpgsql stable as $$
declare
    names_ text[];
    added_ bigint;
begin
    select customer, version, journey, added into customer_, version_, journey_, added_
    from nba.names where name = given;
    if customer_ <> given then
        select version, journey, added into version_, journey_, added_
        from nba.names where name = customer_;
    end if;
    customer_ := coalesce(customer_, given);
    version_ := coalesce(version_, 0);
    journey_ := coalesce(journey_, 0);
    names_ := nba.names_of(customer_);
    if journey_ <> 0 and journey_ <> have_journey then
        contents_ := nba.contents_of(names_);
    end if;
    only_since := version_ = have_version
        or have_version <> 0 and added_ <= have_version and have_version <= version_;
    if version_ <> have_version and version_ <> 0 then
        select json_agg(nba.told(d)) into decisions_
        from nba.decisions as d
        where d.recorded_as = any (names_)
            and d.changed > case when only_since then have_version else -1 end;
    end if;
    if cardinality(accounts) > 0 then
        used_ := array(
            select nba.used(account, owner, names_, since, now_)
            from unnest(accounts, owners, sinces) with ordinality as a (account, owner, since, place)
            order by place
        );
    end if;
end $$;

create or replace function nba.told(d nba.decisions) returns json
language sql stable as $$
    select json_build_array(d.id, d.recorded_as, d.at, d.content, d.granted, d.answers, d.revision)
$$;

create or replace function nba.decision(given text) returns json
language plpgsql stable as $$
begin
    return (select nba.told(d) from nba.decisions as d where id = given);
end $$;

-- Lock the accounts of the book and of households, by owner and name; make them if need be.
create or replace function nba.lock_accounts(accounts_ text[], owners_ text[]) returns void
language plpgsql as $$
declare
    one record;
begin
    for one in
        select distinct account collate "C" as account, owner collate "C" as owner
        from unnest(accounts_, owners_) as g (account, owner)
        where owner is not null order by 2, 1
    loop
        perform from nba.accounts
        where owner = one.owner and account = one.account and not of_customer for update;
        if not found then
            insert into nba.accounts (account, of_customer, owner)
            values (one.account, false, one.owner) on conflict do nothing;
            perform from nba.accounts
            where owner = one.owner and account = one.account and not of_customer for update;
        end if;
    end loop;
end $$;

-- Whether an entry is on an account already, under any of the owners.
create or replace function nba.entered(
    account_ text, owner_ text, names_ text[], entry_ text
) returns boolean
language plpgsql stable as $$
begin
    return exists (
        select from nba.accounts as a join nba.entries as e on e.account = a.id
        where a.owner = any (case when owner_ is null then names_ else array[owner_] end)
            and a.account = account_ and a.of_customer = (owner_ is null) and e.entry = entry_
    );
end $$;

-- Enter an amount, unless the entry is there; take off what is too old and what has expired.
create or replace function nba.enter(
    account_ text, owner_ text, names_ text[], customer_ text, entry_ text,
    now_ numeric, since numeric, amount_ bigint, expires_ numeric
) returns void
language plpgsql as $$
declare
    id_ bigint;
    gone numeric;
begin
    if owner_ is null and cardinality(names_) > 1
        and nba.entered(account_, owner_, names_, entry_)
    then
        return;
    end if;
    select id into id_ from nba.accounts
    where owner = coalesce(owner_, customer_) and account = account_
        and of_customer = (owner_ is null);
    if id_ is null then
        insert into nba.accounts (account, of_customer, owner)
        values (account_, owner_ is null, coalesce(owner_, customer_)) returning id into id_;
    end if;
    select sum(amount) into gone from nba.entries
    where account = id_ and (at <= since or expires <= now_);
    if gone is not null then
        delete from nba.entries where account = id_ and (at <= since or expires <= now_);
    end if;
    insert into nba.entries (account, entry, at, amount, expires, windowed)
    values (id_, entry_, now_, amount_, expires_, since <> -9223372036854775808)
    on conflict do nothing;
    if not found then
        amount_ := 0;
    end if;
    update nba.accounts set used = used + amount_ - coalesce(gone, 0) where id = id_;
end $$;

-- Take off entries of accounts that are locked.
create or replace function nba.take_off(account_ bigint, entry_ text) returns void
language plpgsql as $$
begin
    with gone as (
        delete from nba.entries where account = account_ and entry = entry_ returning amount
    )
    update nba.accounts set used = used - (select coalesce(sum(amount), 0) from gone)
    where id = account_;
end $$;

-- Grant the first alternatives that fit. `claims` are one array each, in the order of the
-- alternatives; `starts` are where those of each alternative begin, from 1, and where all end.
create or replace function nba.take(
    id_ text, given text, version_ bigint, now_ numeric, n integer, content_ text, answers_ text[],
    starts integer[], accounts_ text[], owners_ text[], sinces numeric[], amounts bigint[],
    most numeric[], expiries numeric[], labels json,
    out granted integer[], out refused integer[], out stale boolean
)
language plpgsql as $$
declare
    customer_ text;
    names_ text[];
    kept text[] := '{}';
    counts jsonb := '{}';
    label_ json;
    misfit integer;
    i integer;
begin
    granted := '{}';
    refused := '{}';
    stale := false;
    customer_ := nba.lock_customer(given);
    select d.granted into granted from nba.decisions as d where d.id = id_;
    if found then
        return;
    end if;
    granted := '{}';
    if version_ <> coalesce((select version from nba.names where name = customer_), 0) then
        stale := true;
        return;
    end if;
    names_ := nba.names_of(customer_);
    if cardinality(array_remove(owners_, null)) > 0 then
        perform nba.lock_accounts(accounts_, owners_);
    end if;
    for place in 0 .. cardinality(answers_) - 1 loop
        exit when cardinality(granted) = n;
        label_ := labels -> place;
        continue when label_ is not null and exists (
            select from json_array_elements(label_) as l
            where coalesce((counts ->> (l ->> 0))::integer, 0) >= (l ->> 1)::integer
        );
        misfit := null;
        i := starts[place + 1];
        while i < starts[place + 2] loop
            if nba.used(accounts_[i], owners_[i], names_, sinces[i], now_) + amounts[i] > most[i]
                and not nba.entered(accounts_[i], owners_[i], names_, id_ || ':' || place)
            then
                misfit := i - starts[place + 1];
                exit;
            end if;
            i := i + 1;
        end loop;
        if misfit is not null then
            refused := refused || place || misfit;
            continue;
        end if;
        i := starts[place + 1];
        while i < starts[place + 2] loop
            perform nba.enter(
                accounts_[i], owners_[i], names_, customer_, id_ || ':' || place,
                now_, sinces[i], amounts[i], expiries[i]
            );
            i := i + 1;
        end loop;
        granted := granted || place;
        kept := kept || answers_[place + 1];
        if label_ is not null then
            select counts || jsonb_object_agg(
                l ->> 0, coalesce((counts ->> (l ->> 0))::integer, 0) + 1
            ) into counts from json_array_elements(label_) as l;
        end if;
    end loop;
    if cardinality(granted) > 0 then
        insert into nba.decisions (id, recorded_as, at, content, granted, answers, changed)
        values (
            id_, customer_, now_, content_, granted, kept, nba.changed(customer_, false, true)
        );
    end if;
end $$;

-- Commit, release or enter; return whether it was done.
create or replace function nba.settle(
    act text, entry_ text, account_ text, owner_ text, customer_ text, names_ text[],
    since numeric, amount_ bigint, most numeric, now_ numeric
) returns boolean
language plpgsql as $$
declare
    ids bigint[] := array(
        select id from nba.accounts
        where owner = any (case when owner_ is null then names_ else array[owner_] end)
            and account = account_ and of_customer = (owner_ is null)
    );
    holder bigint;
begin
    with gone as (
        delete from nba.entries where account = any (ids) and expires <= now_
        returning account, amount
    )
    update nba.accounts as a set used = a.used - g.amount
    from (select account, sum(amount) as amount from gone group by account) as g
    where a.id = g.account;
    select account into holder from nba.entries
    where account = any (ids) and entry = entry_ limit 1;
    if act = 'release' then
        perform nba.take_off(holder, entry_) where holder is not null;
    elsif holder is not null then
        update nba.entries set expires = null where account = holder and entry = entry_;
    elsif act = 'commit'
        and nba.used(account_, owner_, names_, since, now_) + amount_ > most
    then
        return false;
    else
        perform nba.enter(account_, owner_, names_, customer_, entry_, now_, since, amount_, null);
    end if;
    return true;
end $$;

-- Replace the text of a decision and settle entries; null where the revision is another. The same
-- key again, as after a connection was lost, gets the same answer again.
create or replace function nba.amend(
    id_ text, revision_ integer, content_ text, now_ numeric, key_ text,
    acts text[], entries_ text[], accounts_ text[], owners_ text[], sinces numeric[],
    amounts bigint[], most numeric[]
) returns boolean[]
language plpgsql as $$
declare
    customer_ text;
    names_ text[];
    made nba.decisions;
    version_ bigint;
    done boolean[] := '{}';
begin
    select * into made from nba.decisions where id = id_;
    if not found then
        return null;
    end if;
    customer_ := nba.lock_customer(made.recorded_as);
    select * into made from nba.decisions where id = id_;
    if not found then
        return null;
    end if;
    if made.revision = revision_ + 1 and made.amended_by = key_ then
        return made.settled;
    end if;
    if made.revision <> revision_ then
        return null;
    end if;
    names_ := nba.names_of(customer_);
    if cardinality(array_remove(owners_, null)) > 0 then
        perform nba.lock_accounts(accounts_, owners_);
    end if;
    for i in 1 .. cardinality(acts) loop
        done := done || nba.settle(
            acts[i], entries_[i], accounts_[i], owners_[i], customer_, names_,
            sinces[i], amounts[i], most[i], now_
        );
    end loop;
    version_ := nba.changed(customer_, false, true);
    update nba.decisions
    set content = content_, revision = revision + 1, amended_by = key_, settled = done,
        changed = version_
    where id = id_;
    return done;
end $$;

-- Forget a customer, with all names and the accounts of them.
create or replace function nba.forget(given text) returns void
language plpgsql as $$
declare
    names_ text[];
begin
    given := nba.lock_customer(given);
    names_ := nba.names_of(given);
    delete from nba.events where recorded_as = any (names_);
    delete from nba.decisions where recorded_as = any (names_);
    delete from nba.deadlines where customer = any (names_);
    delete from nba.entries where account in (
        select id from nba.accounts where owner = any (names_) and of_customer
    );
    delete from nba.accounts where owner = any (names_) and of_customer;
    delete from nba.names where name = any (names_);
end $$;

-- Forget what is before a time: of each kind at most so many of the oldest. Return how many
-- events went, and whether there is more.
create or replace function nba.forget_before(
    instant numeric, at_most integer, out events bigint, out more boolean
)
language plpgsql as $$
declare
    names_ text[];
    shared bigint[];
    of_events text[];
    of_decisions text[];
    name_ text;
begin
    -- a part ends at a time, so that all of one time goes together
    select least(instant, min(p.at) + 1), count(p.at) > 0 into instant, more from (values
        ((select e.at from nba.events as e where e.at < instant
          order by e.at offset at_most limit 1)),
        ((select d.at from nba.decisions as d where d.at < instant
          order by d.at offset at_most limit 1)),
        ((select d.at from nba.deadlines as d where d.at < instant
          order by d.at offset at_most limit 1)),
        ((select e.at from nba.entries as e where e.windowed and e.at < instant
          order by e.at offset at_most limit 1))
    ) as p (at);
    names_ := array(
        select recorded_as from nba.events where at < instant
        union select recorded_as from nba.decisions where at < instant
        union select customer from nba.deadlines where at < instant
        union select a.owner from nba.entries as e join nba.accounts as a on a.id = e.account
        where e.windowed and e.at < instant and a.of_customer
    );
    shared := array(
        select distinct e.account from nba.entries as e join nba.accounts as a on a.id = e.account
        where e.windowed and e.at < instant and not a.of_customer
    );
    if cardinality(names_) = 0 and cardinality(shared) = 0 then
        events := 0;
        return;
    end if;
    perform nba.lock_customers(names_);
    perform from nba.accounts where id = any (shared) order by owner, account for update;
    with gone as (
        delete from nba.events where at < instant and recorded_as = any (names_)
        returning recorded_as
    )
    select count(*), array_agg(distinct recorded_as) into events, of_events from gone;
    with gone as (
        delete from nba.decisions where at < instant and recorded_as = any (names_)
        returning recorded_as
    )
    select array_agg(distinct recorded_as) into of_decisions from gone;
    delete from nba.deadlines where at < instant and customer = any (names_);
    with gone as (
        delete from nba.entries as e using nba.accounts as a
        where a.id = e.account and e.windowed and e.at < instant
            and (a.id = any (shared) or a.of_customer and a.owner = any (names_))
        returning e.account, e.amount
    )
    update nba.accounts as a set used = a.used - g.amount
    from (select account, sum(amount) as amount from gone group by account) as g
    where a.id = g.account;
    delete from nba.accounts as a
    where of_customer and owner = any (names_)
        and not exists (select from nba.entries as e where e.account = a.id);
    for name_ in select distinct nba.customer_of(name) from unnest(of_events) as name loop
        perform nba.changed_or_gone(name_, true);
    end loop;
    for name_ in select distinct nba.customer_of(name) from unnest(of_decisions) as name loop
        perform nba.changed_or_gone(name_, false);
    end loop;
end $$;
