-- Changes: of each customer with decisions a sorted set `c:` of what became of them lately: by the
-- number of the change, the time and the id of the decision that was added or amended. Where
-- decisions come or go in another way, it begins anew with a time alone.
--
-- A mark is such a number and its time. Who knows all decisions as they were then is told only of
-- those that changed since, as long as the mark is there. The time is in it, as a server that lost
-- its last second counts the same numbers again.

local LATELY, TIME = 1000, 16

-- Note that a decision was added or amended; the number is the customer's version now.
local function note(customer, number, id)
  local own, seconds = P .. 'c:' .. customer, call('TIME')
  local time = string.format('%010d%06d', seconds[1], seconds[2])
  call('HSET', P .. 'n:' .. customer, 'v', number, 'd', string.format('%d', number) .. time)
  call('ZADD', own, number, time .. id)
  call('ZREMRANGEBYRANK', own, 0, -LATELY - 1)
end

-- Note that decisions came or went; there is no number of whom nothing is known of.
local function note_anew(customer, number)
  call('DEL', P .. 'c:' .. customer)
  if number then
    call('HDEL', P .. 'n:' .. customer, 'd')
    for _, name in ipairs(names_of(customer, true)) do
      if call('EXISTS', P .. 'k:' .. name) == 1 then
        note(customer, number, '')
        break
      end
    end
  end
end

-- The decisions that changed after a mark until the last one, each once; nil where that is not
-- known.
local function changed_since(mark, customer, last)
  if mark == '0' then
    return nil
  elseif mark == last then
    return {}
  end
  local number, time = mark:sub(1, -TIME - 1), mark:sub(-TIME)
  local changes = call('ZRANGEBYSCORE', P .. 'c:' .. customer, number, '+inf', 'WITHSCORES')
  if changes[2] ~= number or changes[1]:sub(1, TIME) ~= time then
    return nil
  end
  local decisions, seen = {}, {}
  for at = 3, #changes, 2 do
    local id = changes[at]:sub(TIME + 1)
    if not seen[id] then
      seen[id] = true
      local name = call('HGET', P .. 'made', id)
      decisions[#decisions + 1] = call('HGET', P .. 'k:' .. name, id)
    end
  end
  return decisions
end

-- All decisions that were made under names.
local function decisions_of(names)
  local decisions = {}
  for _, name in ipairs(names) do
    for _, decision in ipairs(call('HVALS', P .. 'k:' .. name)) do
      decisions[#decisions + 1] = decision
    end
  end
  return decisions
end
