-- Accounts: all of an owner are in one hash `a:` and one sorted set `b:`. What is done with them
-- stands in reservation.py.
--
-- The owner is `c` and the name of a customer, or `o` and anything else. An account is its name
-- after its length. `u` and the account is the total; `m` is a time that no entry is older than,
-- one that none expires before, and how many there are; `e`, the account and an entry's id are
-- its time, when it expires, and its amount. The set has each entry by its time (`t`) and, where
-- it expires, by that (`x`). `old` has, by their times, what is forgotten when it is old.

--
-- Claims come in groups: `own` are those on accounts of the customer, and `others` those on each
-- owner's. A claim is a list: the account, since when, its place among the claims, the amount,
-- what is allowed, when it expires, and whether it lasts when it is old.

local NEVER, EXACT = string.rep('9', 20), 2 ^ 53
local format, sub = string.format, string.sub

local function integer(number)
  return format('%.0f', number)
end

local function account_of(owner, account, total, marks, held, claim)
  return {
    claim = claim,
    used = 0,
    holder = false,
    owner = owner,
    account = account,
    total = total or '0',
    oldest = marks and sub(marks, 1, 20) or NEVER,
    soonest = marks and sub(marks, 21, 40) or NEVER,
    count = marks and tonumber(sub(marks, 41)) or 0,
    held = held,
  }
end

-- Call a function with the owners and the claims of each group.
local function each_group(given, names, work)
  if #given.own > 0 then
    local owners = {}
    for place, name in ipairs(names) do
      owners[place] = 'c' .. name
    end
    work(owners, given.own)
  end
  for _, other in ipairs(given.others) do
    work({'o' .. other[1]}, other[2])
  end
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

local function set_marks(one)
  local hash = P .. 'a:' .. one.owner
  if one.count > 0 then
    call('HSET', hash, 'm' .. one.account, one.oldest .. one.soonest .. one.count)
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
  call('ZREM', P .. 'old', at .. owner_in_old(one.owner) .. one.account .. entry)
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

-- Take off what is too old and what has expired; `held` is the entry that was asked for.
local function sweep(one, since, at, held)
  if one.oldest > since and one.soonest > at then
    return
  end
  for _, entry in ipairs(gone(one, since, at)) do
    remove(one, entry)
    if entry == held then
      one.held = false
    end
  end
  one.oldest, one.soonest = first(one, 't'), first(one, 'x')
  set_marks(one)
  one.total = call('HGET', P .. 'a:' .. one.owner, 'u' .. one.account) or '0'
end

-- Read what claims are on, swept: in their groups, for each the account of the first owner with
-- what is used of all, and the account that has the entry, if one does. One call reads all
-- accounts of an owner.
local function read_claims(given, names, entry, at)
  local groups = {}
  each_group(given, names, function(owners, claims)
    local fields, group = {}, {}
    for number, claim in ipairs(claims) do
      local account, place = claim[1], 3 * number
      fields[place - 2] = 'u' .. account
      fields[place - 1] = 'm' .. account
      fields[place] = 'e' .. account .. entry
    end
    for _, owner in ipairs(owners) do
      local found = call('HMGET', P .. 'a:' .. owner, unpack(fields))
      for number, claim in ipairs(claims) do
        local place = 3 * number
        local total, marks, held = found[place - 2], found[place - 1], found[place]
        local one = account_of(owner, claim[1], total, marks, held, claim)
        sweep(one, claim[2], at, entry)
        local first = group[number] or one
        group[number] = first
        first.used = first.used + one.total
        if one.held then
          first.holder = one
        end
      end
    end
    group.fields = fields
    groups[#groups + 1] = group
  end)
  return groups
end

-- The place of the first claim that does not fit; nil where all do.
local function refused(groups)
  local first
  for _, group in ipairs(groups) do
    for _, one in ipairs(group) do
      local claim = one.claim
      if not one.holder and one.used + claim[4] > claim[5] and (not first or claim[3] < first) then
        first = claim[3]
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
        local claim, account = one.claim, one.account
        local amount, expires = claim[4], claim[6] or NEVER
        local total = one.total + amount
        if total < EXACT then
          set[sets + 1], set[sets + 2] = fields[3 * number - 2], integer(total)
          sets = sets + 2
        else
          call('HINCRBY', P .. 'a:' .. owner, fields[3 * number - 2], integer(amount))
        end
        local oldest = at < one.oldest and at or one.oldest
        local soonest = expires < one.soonest and expires or one.soonest
        set[sets + 1], set[sets + 2] = fields[3 * number - 1], oldest .. soonest .. one.count + 1
        set[sets + 3], set[sets + 4] = fields[3 * number], at .. expires .. integer(amount)
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
