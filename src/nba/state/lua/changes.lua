-- Changes: of each customer with decisions a sorted set `c:` of what became of them lately: by the
-- number of the change, the time and the id of the decision that was added or amended. Where
-- decisions come or go in another way, it begins anew with a time alone.
--
-- A mark is such a number and its time. Who knows all decisions as they were then is told only of
-- those that changed since, as long as the mark is there. The time is in it, as a server that lost
-- its last second counts the same numbers again.

local LATELY, TIME = 1000, 16

-- Note that a decision was added or amended.
local function note(customer, number, id)
  local own, time = P .. 'c:' .. customer, call('TIME')
  call('ZADD', own, number, string.format('%010d%06d', time[1], time[2]) .. id)
  call('ZREMRANGEBYRANK', own, 0, -LATELY - 1)
end

-- Note that decisions came or went; there is no number of whom nothing is known of.
local function note_anew(customer, number)
  call('DEL', P .. 'c:' .. customer)
  for _, name in ipairs(number and names_of(customer, true) or {}) do
    if call('EXISTS', P .. 'k:' .. name) == 1 then
      note(customer, number, '')
      break
    end
  end
end

-- The decisions that changed after a mark, each once; nil where the mark is not there.
local function changed_since(changes, mark)
  local number, time = mark:sub(1, -TIME - 1), mark:sub(-TIME)
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

-- The decisions of a customer that changed after a mark, or all; 1 where it is all; and the mark
-- up to which they are known then, 0 if there is none.
local function decisions_since(mark, customer, names)
  local own, changes = P .. 'c:' .. customer, {}
  if mark ~= '0' then
    changes = call('ZRANGEBYSCORE', own, mark:sub(1, -TIME - 1), '+inf', 'WITHSCORES')
  end
  local decisions, all = changed_since(changes, mark), 0
  if not decisions then
    decisions, all = {}, 1
    for _, name in ipairs(names) do
      for _, decision in ipairs(call('HVALS', P .. 'k:' .. name)) do
        decisions[#decisions + 1] = decision
      end
    end
    changes = call('ZREVRANGE', own, 0, 0, 'WITHSCORES')
  end
  local last, number = changes[#changes - 1], changes[#changes]
  return decisions, all, last and number .. last:sub(1, TIME) or '0'
end
