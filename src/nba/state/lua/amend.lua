-- needs: names once accounts decisions changes
-- Replace the text of a decision and settle entries; answer with 1 for each that was done.

local before = told()
if before then
  return before
end

local name = call('HGET', P .. 'made', A.id)
if not name then
  return false
end
local row = call('HGET', P .. 'k:' .. name, A.id)
if row:match('^%d+') ~= A.revision then
  return false
end
local customer, _, leading = customer_of(name)
local names = names_of(customer, leading)

local done = {}
for place, one in ipairs(A.settlements) do
  -- an entry that is too old may be settled, so what has expired goes, and nothing else
  local entry = one.entry
  local holder = read_claims(one.any, names, entry, A.at)[1][1].holder
  done[place] = 1
  if one.act == 'release' then
    if holder then
      remove(holder, {entry})
      keep(holder)
    end
  elseif holder then
    commit(holder, entry)
  else
    local groups = read_claims(one.claims, names, entry, A.at)
    if one.act == 'commit' and refused(groups) then
      done[place] = 0
    else
      enter(groups, entry, A.at)
    end
  end
end
call('HSET', P .. 'k:' .. name, A.id, amended(row, A.text))
note(customer, changed(customer, false), A.id)
return tell(done)
