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
  each_some(one, gone(one, since, A.at), function(_, _, values)
    for _, sum in ipairs(sums_of(values)) do
      used[#used + 1] = '-' .. sum
    end
  end)
end

local used = {}
each_group(A.asked, names, function(owners, asked)
  local fields = {}
  for number, one in ipairs(asked) do
    used[one[3]] = {}
    fields[number] = 'u' .. one[1]
  end
  for _, owner in ipairs(owners) do
    local found = call('HMGET', P .. 'a:' .. owner, unpack(fields))
    for number, one in ipairs(asked) do
      if found[number] then
        add_summands(account_of(owner, one[1], found[number]), one[2], used[one[3]])
      end
    end
  end
end)
return {customer, version, journey, rows_of(names, journey), decisions, used}
