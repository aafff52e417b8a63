-- Accounts: all of an owner are in one hash `a:` and one sorted set `b:`. What is done with them
-- stands in reservation.py.
--
-- The owner is `c` and the name of a customer, or `o` and anything else. An account is its name
-- after its length. `u` and the account is the total; `m` is a time that no entry is older than,
-- one that none expires before, and how many there are; `e`, the account and an entry's id are
-- its time, when it expires, and its amount. The set has each entry by its time (`t`) and, where
-- it expires, by that (`x`). `old` has, by their times, what is forgotten when it is old.

local NEVER, EXACT = string.rep('9', 20), 2 ^ 53

local function integer(number)
  return string.format('%.0f', number)
end

local function account_of(owner, account, total, marks, held)
  return {
    owner = owner,
    account = account,
    total = total or '0',
    oldest = marks and marks:sub(1, 20) or NEVER,
    soonest = marks and marks:sub(21, 40) or NEVER,
    count = marks and tonumber(marks:sub(41)) or 0,
    held = held,
  }
end

-- Read some accounts of an owner, and whether they have an entry.
local function read_accounts(owner, accounts, entry)
  local fields = {}
  for _, account in ipairs(accounts) do
    fields[#fields + 1] = 'u' .. account
    fields[#fields + 1] = 'm' .. account
    fields[#fields + 1] = 'e' .. account .. entry
  end
  local found = call('HMGET', P .. 'a:' .. owner, unpack(fields))
  local read = {}
  for place, account in ipairs(accounts) do
    local at = 3 * place
    read[place] = account_of(owner, account, found[at - 2], found[at - 1], found[at])
  end
  return read
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

local function old_member(at, owner, rest)
  return at .. owner:sub(1, 1) .. (#owner - 1) .. ':' .. owner:sub(2) .. rest
end

local function set_marks(one)
  local hash = P .. 'a:' .. one.owner
  if one.count > 0 then
    call('HSET', hash, 'm' .. one.account, one.oldest .. one.soonest .. integer(one.count))
  else
    call('HDEL', hash, 'm' .. one.account, 'u' .. one.account)
  end
end

-- Take an entry off.
local function remove(one, entry)
  local hash, set = P .. 'a:' .. one.owner, P .. 'b:' .. one.owner
  local value = call('HGET', hash, 'e' .. one.account .. entry)
  local at, expires, amount = value:sub(1, 20), value:sub(21, 40), value:sub(41)
  call('HDEL', hash, 'e' .. one.account .. entry)
  call('ZREM', set, one.account .. 't' .. at .. entry, one.account .. 'x' .. expires .. entry)
  call('ZREM', P .. 'old', old_member(at, one.owner, one.account .. entry))
  if amount ~= '0' then
    call('HINCRBY', hash, 'u' .. one.account, '-' .. amount)
  end
  one.count = one.count - 1
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

-- Take off what is too old and what has expired.
local function sweep(one, since, at)
  if one.oldest > since and one.soonest > at then
    return
  end
  for _, entry in ipairs(gone(one, since, at)) do
    remove(one, entry)
    if one.held and entry == one.entry then
      one.held = false
    end
  end
  one.oldest, one.soonest = first(one, 't'), first(one, 'x')
  set_marks(one)
  one.total = call('HGET', P .. 'a:' .. one.owner, 'u' .. one.account) or '0'
end

-- Whose accounts a claim is on: the customer's under all names, or the owner's.
local function owners_of(claim, names)
  if claim.owner then
    return {'o' .. claim.owner}
  end
  local owners = {}
  for place, name in ipairs(names) do
    owners[place] = 'c' .. name
  end
  return owners
end

-- Read what claims are on, swept: for each claim the first account, what is used of all, and
-- which of them has the entry, if one does. One call reads all accounts of an owner.
local function read_claims(claims, names, entry, at)
  local order, of, found = {}, {}, {}
  for place, claim in ipairs(claims) do
    found[place] = {used = 0}
    for _, owner in ipairs(owners_of(claim, names)) do
      if not of[owner] then
        of[owner] = {places = {}, accounts = {}}
        order[#order + 1] = owner
      end
      local group = of[owner]
      group.places[#group.places + 1] = place
      group.accounts[#group.accounts + 1] = claim.account
    end
  end
  for _, owner in ipairs(order) do
    local group = of[owner]
    for number, one in ipairs(read_accounts(owner, group.accounts, entry)) do
      local place = group.places[number]
      local claim, into = claims[place], found[place]
      one.entry = entry
      sweep(one, claim.since, at)
      into.used = into.used + tonumber(one.total)
      into.first = into.first or one
      into.holder = into.holder or (one.held and one) or nil
    end
  end
  return found
end

-- The place of the first claim that does not fit; nil where all do.
local function refused(claims, found)
  for place, claim in ipairs(claims) do
    local one = found[place]
    if not one.holder and one.used + claim.amount > claim.at_most then
      return place
    end
  end
end

-- Enter claims under the first of the names, those that are not there yet.
local function enter(claims, found, entry, at)
  local order, sets, adds, old = {}, {}, {}, {}
  for place, claim in ipairs(claims) do
    local one = found[place].first
    if not found[place].holder then
      local owner, account = one.owner, one.account
      if not sets[owner] then
        order[#order + 1], sets[owner], adds[owner] = owner, {}, {}
      end
      local set, add = sets[owner], adds[owner]
      local amount, expires = integer(claim.amount), claim.expires or NEVER
      local total = tonumber(one.total) + claim.amount
      if total < EXACT then
        set[#set + 1], set[#set + 2] = 'u' .. account, integer(total)
      else
        call('HINCRBY', P .. 'a:' .. owner, 'u' .. account, amount)
      end
      local oldest = at < one.oldest and at or one.oldest
      local soonest = expires < one.soonest and expires or one.soonest
      set[#set + 1], set[#set + 2] = 'm' .. account, oldest .. soonest .. integer(one.count + 1)
      set[#set + 1], set[#set + 2] = 'e' .. account .. entry, at .. expires .. amount
      add[#add + 1], add[#add + 2] = 0, account .. 't' .. at .. entry
      if expires ~= NEVER then
        add[#add + 1], add[#add + 2] = 0, account .. 'x' .. expires .. entry
      end
      if not claim.lasts then
        old[#old + 1], old[#old + 2] = 0, old_member(at, owner, account .. entry)
      end
    end
  end
  for _, owner in ipairs(order) do
    call('HSET', P .. 'a:' .. owner, unpack(sets[owner]))
    call('ZADD', P .. 'b:' .. owner, unpack(adds[owner]))
  end
  if #old > 0 then
    call('ZADD', P .. 'old', unpack(old))
  end
end
