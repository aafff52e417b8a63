-- needs: names deadlines accounts decisions
-- Forget a customer under all names; answer with these.

local customer, _, leading = customer_of(A.name)
local names = names_of(customer, leading)

local function each(key, work)
  local found = call('HGETALL', key)
  for at = 1, #found, 2 do
    work(found[at], found[at + 1])
  end
  call('DEL', key)
end

for _, name in ipairs(names) do
  loosen(name)
  replace(name, {})
  each(P .. 'r:' .. name, function(id, row)
    call('ZREM', P .. 'ages', row:sub(1, 20) .. #name .. ':' .. name .. id)
  end)
  each(P .. 'k:' .. name, function(id, row)
    call('ZREM', P .. 'decided', decided_member(decided_at(row), name, id))
    call('HDEL', P .. 'made', id)
  end)
  each(P .. 'a:c' .. name, function(field, value)
    if field:sub(1, 1) == 'e' then
      call('ZREM', P .. 'old', value:sub(1, 20) .. owner_in_old('c' .. name) .. field:sub(2))
    end
  end)
  call('DEL', P .. 'b:c' .. name, P .. 'c:' .. name)
end
for _, name in ipairs(names) do
  changed(name, true)
end
return names
