-- needs: names rows accounts changes
-- All that is remembered about a customer, and what is used of accounts: of each the summands.

local customer, version, leading, journey, mark = customer_of(A.name)
local names = names_of(customer, leading)

local decisions = changed_since(A.mark, customer, mark)
local all = not decisions and decisions_of(names)

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
for _, group in ipairs(grouped(A.asked, names)) do
  local fields = {}
  for number, account in ipairs(group.accounts) do
    used[group.places[number]] = {}
    fields[number] = 'u' .. account
  end
  for _, owner in ipairs(group.owners) do
    local found = call('HMGET', P .. 'a:' .. owner, unpack(fields))
    for number, one in ipairs(group.claims) do
      if found[number] then
        local account = account_of(owner, group.accounts[number], found[number])
        add_summands(account, one[3], used[group.places[number]])
      end
    end
  end
end
return {customer, version, journey, rows_of(names, journey), decisions or all, all and 1, mark, used}
