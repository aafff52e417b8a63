-- Deadlines: of each customer a hash `d:` from what it is (time, moment, change) to its number.
--
-- `due` has all in their order: time, customer, moment, change, number. `late` has, by number,
-- those that might have been due already when they became known. `asked` is the latest time that
-- was asked for, and `known` how many became known.

local ESCAPES = {['\0'] = '\1\1', ['\1'] = '\1\2'}

-- A text that ends before all that it begins, and has no \0.
local function sortable(text)
  return (text:gsub('[%z\1]', ESCAPES))
end

local function in_order(customer, what, number)
  return what:sub(1, 20) .. sortable(customer) .. '\0' .. what:sub(21) .. '\0' .. number
end

local function remove_deadline(customer, what, number)
  local member = in_order(customer, what, number)
  call('HDEL', P .. 'd:' .. customer, what)
  call('ZREM', P .. 'due', member)
  call('ZREM', P .. 'late', member)
end

-- Replace a customer's deadlines; those that stay keep their numbers.
local function replace(customer, entries)
  local wanted, present = {}, {}
  for _, what in ipairs(entries) do
    wanted[what] = true
  end
  local found = call('HGETALL', P .. 'd:' .. customer)
  for at = 1, #found, 2 do
    present[found[at]] = true
    if not wanted[found[at]] then
      remove_deadline(customer, found[at], found[at + 1])
    end
  end
  local asked = call('GET', P .. 'asked') or string.rep('0', 20)
  for what in pairs(wanted) do
    if not present[what] then
      local number = call('INCR', P .. 'known')
      local member = in_order(customer, what, number)
      call('HSET', P .. 'd:' .. customer, what, number)
      call('ZADD', P .. 'due', 0, member)
      if what:sub(1, 20) <= asked then
        call('ZADD', P .. 'late', number, member)
      end
    end
  end
  if #entries > 0 then
    known(customer)
  elseif #found > 0 then
    tidy(customer)
  end
end
