-- Every script begins with this: what it was given, and who is who.
--
-- Of each name there is a hash `n:`: `to` is the name that it leads to, `in` how many lead to it
-- (the set `f:`), `v` the version of the customer, `j` that of the customer's rows, and `d` the
-- mark of the last change of the customer's decisions (see changes.lua).
-- `names` are all that something is known of.

local P, A, call = ARGV[1], cjson.decode(ARGV[2]), redis.call

-- The customer that a name leads to; its version; how many lead there, if any; its rows' version;
-- and the mark of its decisions, 0 if there is none.
local function customer_of(name)
  while true do
    local found = call('HMGET', P .. 'n:' .. name, 'to', 'v', 'in', 'j', 'd')
    if not found[1] then
      return name, found[2] or '0', found[3], found[4] or '', found[5] or '0'
    end
    name = found[1]
  end
end

-- A customer and all names that lead there; `leading` is false where there are none.
local function names_of(customer, leading)
  local names, at = {customer}, 1
  while leading and names[at] do
    for _, name in ipairs(call('SMEMBERS', P .. 'f:' .. names[at])) do
      names[#names + 1] = name
    end
    at = at + 1
  end
  return names
end

local function known(name)
  call('ZADD', P .. 'names', 0, name)
end

local function tidy(name)
  if call('EXISTS', P .. 'n:' .. name, P .. 'r:' .. name, P .. 'k:' .. name, P .. 'd:' .. name) == 0 then
    call('ZREM', P .. 'names', name)
  end
end

-- Give a customer another version, and return it; none to whom nothing is known of.
local function changed(customer, journey)
  local own = P .. 'n:' .. customer
  local number = call('INCR', P .. 'changes')
  local is = call('HEXISTS', own, 'to') == 0
  if is then
    is = false
    for _, name in ipairs(names_of(customer, true)) do
      if call('EXISTS', P .. 'r:' .. name, P .. 'k:' .. name) > 0 then
        is = true
        break
      end
    end
  end
  if not is then
    call('HDEL', own, 'v', 'j', 'd')
  elseif journey then
    -- the time is in it, as a server that lost its last second counts the same numbers again
    local time = call('TIME')
    call('HSET', own, 'v', number, 'j', number .. '-' .. time[1] .. '.' .. time[2])
  else
    call('HSET', own, 'v', number)
  end
  tidy(customer)
  return is and number
end

-- Make a name lead nowhere; return where it led.
local function loosen(name)
  local to = call('HGET', P .. 'n:' .. name, 'to')
  if to then
    call('HDEL', P .. 'n:' .. name, 'to')
    call('SREM', P .. 'f:' .. to, name)
    local left = call('SCARD', P .. 'f:' .. to)
    if left > 0 then
      call('HSET', P .. 'n:' .. to, 'in', left)
    else
      call('HDEL', P .. 'n:' .. to, 'in')
      tidy(to)
    end
  end
  return to
end
