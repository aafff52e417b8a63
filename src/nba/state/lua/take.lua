-- needs: names accounts decisions
-- Grant the first alternatives that fit; answer with a line, which is read faster than lists are:
-- 1 if the memory was stale, their places, and of those that were refused the places and claims.

local function line(stale, granted, misfits)
  return stale .. ' ' .. table.concat(granted, ',') .. ' ' .. table.concat(misfits, ',')
end

local made = call('HGET', P .. 'made', A.id)
if made then
  return line(0, granted_in(call('HGET', P .. 'k:' .. made, A.id)), {})
end
local customer, version, leading = customer_of(A.name)
if version ~= A.version then
  return line(1, {}, {})
end
local names = names_of(customer, leading)

local granted, misfits, counts = {}, {}, {}
for place, alternative in ipairs(A.alternatives) do
  if #granted == A.n then
    break
  end
  local crowded = false
  for _, label in ipairs(alternative.labels) do
    crowded = crowded or (counts[label[1]] or 0) >= label[2]
  end
  if not crowded then
    local entry = A.id .. ':' .. (place - 1)
    local groups = read_claims(alternative.claims, names, entry, A.at)
    local claim = refused(groups)
    if claim then
      misfits[#misfits + 1], misfits[#misfits + 2] = place - 1, claim - 1
    else
      enter(groups, entry, A.at)
      for _, label in ipairs(alternative.labels) do
        counts[label[1]] = (counts[label[1]] or 0) + 1
      end
      granted[#granted + 1] = place - 1
    end
  end
end

if #granted > 0 then
  local row = remembered(A, customer, granted)
  call('HSET', P .. 'k:' .. customer, A.id, row)
  call('HSET', P .. 'made', A.id, customer)
  call('ZADD', P .. 'decided', 0, decided_member(customer, A.id, row))
  if version == '0' then
    known(customer)
  end
  call('HSET', P .. 'n:' .. customer, 'v', call('INCR', P .. 'changes'))
end
return line(0, granted, misfits)
