-- needs: names
-- Some of the customers, those after a name, and the last name that was looked at.

local start = A.after and '(' .. A.after or '-'
local names = call('ZRANGEBYLEX', P .. 'names', start, '+', 'LIMIT', 0, 1000)
local customers = {}
for _, name in ipairs(names) do
  if call('HEXISTS', P .. 'n:' .. name, 'to') == 0 then
    customers[#customers + 1] = name
  end
end
return {names[#names] or false, customers}
