-- Accounts: all of an owner are in one hash `a:` and one sorted set `b:`. What is done with them
-- stands in reservation.py.
--
-- The owner is `c` and the name of a customer, or `o` and anything else. An account is its name
-- after its length. `u` and the account is a time that no entry is older than, one that none
-- expires before, the total, and how many there are; `e`, the account and an entry's id are its
-- time, when it expires, and its amount. The set has each entry by its time (`t`) and, where
-- it expires, by that (`x`). `old` has, by their times, what is forgotten when it is old.

--
-- A claim is a list: the account, its owner (only `c` for the customer), since when, the amount,
-- what is allowed, when it expires, and whether it lasts when it is old. What is only asked for ends
-- after the time.

local NEVER, EXACT, SOME = string.rep('9', 20), 2 ^ 53, 1000
local find, format, sub = string.find, string.format, string.sub

-- A whole number as text; where it may be more than a script can count with, Redis adds.
local function integer(number)
  return format('%d', number)
end

local function plus(total, amount)
  local sum = total + amount
  if tonumber(amount) == 0 then
    return total
  elseif sum < EXACT and tonumber(total) < EXACT then
    return integer(sum)
  end
  call('SET', P .. 'sum', total)
  call('INCRBY', P .. 'sum', amount)
  total = call('GET', P .. 'sum')
  call('DEL', P .. 'sum')
  return total
end

local function account_of(owner, account, kept, held)
  local one = {
    owner = owner,
    account = account,
    oldest = NEVER,
    soonest = NEVER,
    total = '0',
    count = 0,
    held = held,
    used = 0,
    holder = false,
  }
  if kept then
    local space = find(kept, ' ', 41, true)
    one.oldest, one.soonest = sub(kept, 1, 20), sub(kept, 21, 40)
    one.total, one.count = sub(kept, 41, space - 1), tonumber(sub(kept, space + 1))
  end
  return one
end

-- Claims by their owners, as one call reads all accounts of an owner: groups, each with the
-- owners it is about (a customer has many names), the claims, their places, and their accounts.
local function grouped(claims, names)
  local groups, found = {}, {}
  for place, claim in ipairs(claims) do
    local account, owner = claim[1], claim[2]
    local group = found[owner]
    if not group then
      group = {owners = {owner}, claims = {}, places = {}, accounts = {}}
      if owner == 'c' then
        for number, name in ipairs(names) do
          group.owners[number] = 'c' .. name
        end
      end
      found[owner], groups[#groups + 1] = group, group
    end
    local number = #group.claims + 1
    group.claims[number], group.places[number] = claim, place
    group.accounts[number] = #account .. ':' .. account
  end
  return groups
end

-- The ids of the entries that are too old or have expired, each once.
local function gone(one, since, at)
  local entries = {}
  if one.oldest > since and one.soonest > at then
    return entries
  end
  local seen = {}
  for kind, until_ in pairs({t = since, x = at}) do
    local start = one.account .. kind
    local range = call('ZRANGEBYLEX', P .. 'b:' .. one.owner, '[' .. start, '(' .. start .. until_ .. '\255')
    for _, member in ipairs(range) do
      local entry = member:sub(#start + 21)
      if not seen[entry] then
        seen[entry] = true
        entries[#entries + 1] = entry
      end
    end
  end
  return entries
end

local function owner_in_old(owner)
  return sub(owner, 1, 1) .. #owner - 1 .. ':' .. sub(owner, 2)
end

local function keep(one)
  local field = 'u' .. one.account
  if one.count > 0 then
    call('HSET', P .. 'a:' .. one.owner, field, one.oldest .. one.soonest .. one.total .. ' ' .. one.count)
  else
    call('HDEL', P .. 'a:' .. one.owner, field)
  end
end

-- The values of entries, some at a time, as Redis takes only so many words.
local function each_some(one, entries, work)
  for start = 1, #entries, SOME do
    local some, fields = {}, {}
    for at = start, math.min(start + SOME - 1, #entries) do
      some[#some + 1] = entries[at]
      fields[#fields + 1] = 'e' .. one.account .. entries[at]
    end
    work(some, fields, call('HMGET', P .. 'a:' .. one.owner, unpack(fields)))
  end
end

-- Their amounts, as few sums as a script can count with.
local function sums_of(values)
  local sums, sum = {}, 0
  for _, value in ipairs(values) do
    local amount = tonumber(sub(value, 41))
    if sum + amount >= EXACT then
      sums[#sums + 1], sum = integer(sum), 0
    end
    sum = sum + amount
  end
  sums[#sums + 1] = integer(sum)
  return sums
end

-- Take entries off; the account is to be kept then.
local function remove(one, entries)
  each_some(one, entries, function(some, fields, values)
    local members, old, owner = {}, {}, owner_in_old(one.owner)
    for place, entry in ipairs(some) do
      local at, expires = sub(values[place], 1, 20), sub(values[place], 21, 40)
      members[2 * place - 1] = one.account .. 't' .. at .. entry
      members[2 * place] = one.account .. 'x' .. expires .. entry
      old[place] = at .. owner .. one.account .. entry
    end
    call('HDEL', P .. 'a:' .. one.owner, unpack(fields))
    call('ZREM', P .. 'b:' .. one.owner, unpack(members))
    call('ZREM', P .. 'old', unpack(old))
    for _, sum in ipairs(sums_of(values)) do
      one.total = plus(one.total, '-' .. sum)
    end
    one.count = one.count - #some
  end)
end

-- Let an entry last.
local function commit(one, entry)
  local hash, field = P .. 'a:' .. one.owner, 'e' .. one.account .. entry
  local value = call('HGET', hash, field)
  call('ZREM', P .. 'b:' .. one.owner, one.account .. 'x' .. value:sub(21, 40) .. entry)
  call('HSET', hash, field, value:sub(1, 20) .. NEVER .. value:sub(41))
end

local function first(one, kind)
  local start = one.account .. kind
  local range = call('ZRANGEBYLEX', P .. 'b:' .. one.owner, '[' .. start, '(' .. start .. '\255', 'LIMIT', 0, 1)
  return range[1] and range[1]:sub(#start + 1, #start + 20) or NEVER
end

-- Take off what is too old and what has expired; `held` is the entry that was asked for.
local function sweep(one, since, at, held)
  if one.oldest > since and one.soonest > at then
    return
  end
  local entries = gone(one, since, at)
  remove(one, entries)
  for _, entry in ipairs(entries) do
    if entry == held then
      one.held = false
    end
  end
  one.oldest, one.soonest = first(one, 't'), first(one, 'x')
  keep(one)
end

-- Read what claims are on, swept: in groups, for each the account of the first owner with what is
-- used of all, and the account that has the entry, if one does.
local function read_claims(claims, names, entry, at)
  local groups = grouped(claims, names)
  for _, group in ipairs(groups) do
    local fields, accounts = {}, group.accounts
    for number, account in ipairs(accounts) do
      fields[2 * number - 1], fields[2 * number] = 'u' .. account, 'e' .. account .. entry
    end
    for _, owner in ipairs(group.owners) do
      local found = call('HMGET', P .. 'a:' .. owner, unpack(fields))
      for number, claim in ipairs(group.claims) do
        local one = account_of(owner, accounts[number], found[2 * number - 1], found[2 * number])
        sweep(one, claim[3], at, entry)
        local first = group[number] or one
        group[number] = first
        first.used = first.used + one.total
        if one.held then
          first.holder = one
        end
      end
    end
    group.fields = fields
  end
  return groups
end

-- The place of the first claim that does not fit; nil where all do.
local function refused(groups)
  local first
  for _, group in ipairs(groups) do
    for number, claim in ipairs(group.claims) do
      local one, place = group[number], group.places[number]
      if not one.holder and one.used + claim[4] > claim[5] and (not first or place < first) then
        first = place
      end
    end
  end
  return first
end

-- Enter claims under the first of the names, those that are not there yet.
local function enter(groups, entry, at)
  local old, olds = {}, 0
  for _, group in ipairs(groups) do
    local owner, fields = group[1].owner, group.fields
    local set, sets, add, adds = {}, 0, {}, 0
    local prefix = at .. owner_in_old(owner)
    for number, one in ipairs(group) do
      if not one.holder then
        local claim, account = group.claims[number], one.account
        local amount, expires = integer(claim[4]), claim[6]
        local oldest = at < one.oldest and at or one.oldest
        local soonest = expires < one.soonest and expires or one.soonest
        local total = plus(one.total, amount)
        set[sets + 1] = fields[2 * number - 1]
        set[sets + 2] = oldest .. soonest .. total .. ' ' .. one.count + 1
        set[sets + 3] = fields[2 * number]
        set[sets + 4] = at .. expires .. amount
        sets = sets + 4
        add[adds + 1], add[adds + 2] = '0', account .. 't' .. at .. entry
        adds = adds + 2
        if expires ~= NEVER then
          add[adds + 1], add[adds + 2] = '0', account .. 'x' .. expires .. entry
          adds = adds + 2
        end
        if not claim[7] then
          old[olds + 1], old[olds + 2] = '0', prefix .. account .. entry
          olds = olds + 2
        end
      end
    end
    if sets > 0 then
      call('HSET', P .. 'a:' .. owner, unpack(set))
      call('ZADD', P .. 'b:' .. owner, unpack(add))
    end
  end
  if olds > 0 then
    call('ZADD', P .. 'old', unpack(old))
  end
end
