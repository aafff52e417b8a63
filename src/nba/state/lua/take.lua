-- needs: names accounts decisions changes
-- Grant the first alternatives that fit; answer with a line, which is read faster than lists are:
-- 1 if the memory was stale, their places, and of those that were refused the places and claims.
--
-- An alternative is its claims, each a list or the number of one that was read before it, and its
-- labels. Behind what every script is given stand the decision's text, the answers, and the
-- alternatives but the first, which are read when it is their turn.

local function line(stale, granted, misfits)
  return stale .. ' ' .. table.concat(granted, ',') .. ' ' .. table.concat(misfits, ',')
end

local function told()
  local made = call('HGET', P .. 'made', A.id)
  return made and line(0, granted_in(call('HGET', P .. 'k:' .. made, A.id)), {})
end

local customer, version, leading = customer_of(A.name)
if version ~= A.version then
  return told() or line(1, {}, {})
end
local names = names_of(customer, leading)

local said = {}
local function in_full(claims)
  for place, claim in ipairs(claims) do
    if type(claim) == 'number' then
      claims[place] = said[claim]
    else
      said[#said + 1] = claim
    end
  end
  return claims
end

local TEXT, ANSWERS, OTHERS = ARGV[3], 4, #ARGV / 2 + 2 -- where these begin, with place 0
local function alternative_at(place)
  if place == 0 then
    return A.first[1]
  end
  local text = ARGV[OTHERS + place]
  return text and cjson.decode(text)
end

local granted, answers, misfits, counts = {}, {}, {}, {}
local place, alternative = 0, alternative_at(0)
while alternative do
  local claims, labels = in_full(alternative[1]), alternative[2]
  local crowded = false
  for _, label in ipairs(labels) do
    crowded = crowded or (counts[label[1]] or 0) >= label[2]
  end
  if not crowded then
    local entry = A.id .. ':' .. place
    local groups = read_claims(claims, names, entry, A.at)
    local claim = refused(groups)
    if claim then
      misfits[#misfits + 1], misfits[#misfits + 2] = place, claim - 1
    else
      if #granted == 0 and call('HSETNX', P .. 'made', A.id, customer) == 0 then
        return told()
      end
      enter(groups, entry, A.at)
      for _, label in ipairs(labels) do
        counts[label[1]] = (counts[label[1]] or 0) + 1
      end
      granted[#granted + 1], answers[#granted + 1] = place, ARGV[ANSWERS + place]
    end
  end
  place = place + 1
  alternative = #granted < A.n and alternative_at(place)
end

if #granted == 0 then
  return told() or line(0, {}, misfits)
end
call('HSET', P .. 'k:' .. customer, A.id, remembered(A, TEXT, customer, granted, answers))
call('ZADD', P .. 'decided', 0, decided_member(A.at, customer, A.id))
if version == '0' then
  known(customer)
end
note(customer, call('INCR', P .. 'changes'), A.id)
return line(0, granted, misfits)
