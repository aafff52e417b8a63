-- needs: names rows accounts
-- All that is remembered about a customer, and what is used of accounts: of each the summands.

local customer, version, leading, journey = customer_of(A.name)
local names = names_of(customer, leading)

local decisions = {}
for _, name in ipairs(names) do
  for _, decision in ipairs(call('HVALS', P .. 'k:' .. name)) do
    decisions[#decisions + 1] = decision
  end
end

-- what counts on an account is its total without the entries that are gone: nothing is changed
local function add_summands(one, since, used)
  used[#used + 1] = one.total
  local sum = 0
  for _, entry in ipairs(gone(one, since, A.at)) do
    local value = call('HGET', P .. 'a:' .. one.owner, 'e' .. one.account .. entry)
    local amount = tonumber(value:sub(41))
    if sum + amount >= EXACT then
      used[#used + 1], sum = '-' .. integer(sum), 0
    end
    sum = sum + amount
  end
  if sum > 0 then
    used[#used + 1] = '-' .. integer(sum)
  end
end

local order, of, used = {}, {}, {}
for place, asked in ipairs(A.asked) do
  used[place] = {}
  for _, owner in ipairs(owners_of(asked, names)) do
    if not of[owner] then
      order[#order + 1], of[owner] = owner, {fields = {}, places = {}}
    end
    local group = of[owner]
    group.places[#group.places + 1] = place
    group.fields[#group.fields + 1] = 'u' .. asked.account
    group.fields[#group.fields + 1] = 'm' .. asked.account
  end
end
for _, owner in ipairs(order) do
  local group = of[owner]
  local found = call('HMGET', P .. 'a:' .. owner, unpack(group.fields))
  for number, place in ipairs(group.places) do
    if found[2 * number - 1] then
      local asked = A.asked[place]
      local one = account_of(owner, asked.account, found[2 * number - 1], found[2 * number])
      add_summands(one, asked.since, used[place])
    end
  end
end
return {customer, version, journey, rows_of(names, journey), decisions, used}
