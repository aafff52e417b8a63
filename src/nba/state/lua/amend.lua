-- needs: names once accounts decisions
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
  local claims, entry = {one.claim}, one.entry
  -- an entry that is too old may be settled, so only what has expired goes
  local any = {{owner = one.claim.owner, account = one.claim.account, since = A.ever}}
  local holder = read_claims(any, names, entry, A.at)[1].holder
  done[place] = 1
  if one.act == 'release' then
    if holder then
      remove(holder, entry)
      set_marks(holder)
    end
  elseif holder then
    commit(holder, entry)
  else
    local found = read_claims(claims, names, entry, A.at)
    if one.act == 'commit' and refused(claims, found) then
      done[place] = 0
    else
      enter(claims, found, entry, A.at)
    end
  end
end
call('HSET', P .. 'k:' .. name, A.id, amended(row, A.text))
changed(customer, false)
return tell(done)
