-- needs: names once
-- Record rows under a name; answer with the places of those that are new to the journey.

local before = told()
if before then
  return before
end

local customer, _, leading = customer_of(A.name)
local others = {}
for _, name in ipairs(names_of(customer, leading)) do
  if name ~= A.name then
    others[#others + 1] = name
  end
end

local own, new = P .. 'r:' .. A.name, {}
local number = call('INCRBY', P .. 'recorded', #A.rows)
for place, row in ipairs(A.rows) do
  local id, at, text = row[1], row[2], row[3]
  local value = at .. string.format('%020.0f', number - #A.rows + place) .. text
  if call('HSETNX', own, id, value) == 1 then
    call('ZADD', P .. 'ages', 0, at .. #A.name .. ':' .. A.name .. id)
    local is_new = true
    for _, name in ipairs(others) do
      if call('HEXISTS', P .. 'r:' .. name, id) == 1 then
        is_new = false
        break
      end
    end
    if is_new then
      new[#new + 1] = place
    end
  end
end
if #A.rows > 0 then
  known(A.name)
end
if #new > 0 then
  changed(customer, true)
end
return tell(new)
