-- needs: names deadlines accounts decisions changes
-- Forget what is before a time, so many of each kind at once; answer with how many events, and
-- with 1 if there may be more.

local more = 0

-- Each member of a sorted set that begins with an earlier time.
local function each_before(set, work)
  local found = call('ZRANGEBYLEX', P .. set, '-', '(' .. A.instant, 'LIMIT', 0, A.batch)
  for _, member in ipairs(found) do
    work(member)
  end
  if #found == A.batch then
    more = 1
  end
  return #found
end

-- A text after its length, from a place on; and where what comes after it begins.
local function counted(member, place)
  local length, start = member:match('^(%d+):()', place)
  local stop = start + tonumber(length)
  return member:sub(start, stop - 1), stop
end

-- Each customer whom names lead to, once.
local function each_customer(names, work)
  local customers = {}
  for name in pairs(names) do
    customers[customer_of(name)] = true
  end
  for customer in pairs(customers) do
    work(customer)
  end
end

local recorded, decided = {}, {}
local events = each_before('ages', function(member)
  local name, rest = counted(member, 21)
  call('ZREM', P .. 'ages', member)
  call('HDEL', P .. 'r:' .. name, member:sub(rest))
  recorded[name] = true
end)
each_customer(recorded, function(customer)
  changed(customer, true)
end)

each_before('due', function(member)
  local shown, what, number = member:sub(21):match('^([^%z]*)%z(.*)%z(%d+)$')
  local customer = shown:gsub('\1[\1\2]', {['\1\1'] = '\0', ['\1\2'] = '\1'})
  remove_deadline(customer, member:sub(1, 20) .. what, number)
  tidy(customer)
end)

each_before('decided', function(member)
  local name, rest = counted(member, 21)
  local id = member:sub(rest)
  call('ZREM', P .. 'decided', member)
  call('HDEL', P .. 'made', id)
  call('HDEL', P .. 'k:' .. name, id)
  decided[name] = true
end)
each_customer(decided, function(customer)
  note_anew(customer, changed(customer, false))
end)

each_before('old', function(member)
  local owner, rest = counted(member, 22)
  local account, entry = counted(member, rest)
  owner, account = member:sub(21, 21) .. owner, member:sub(rest, entry - 1)
  entry = member:sub(entry)
  local one = account_of(owner, account, call('HGET', P .. 'a:' .. owner, 'u' .. account))
  remove(one, {entry})
  keep(one)
end)
return {events, more}
