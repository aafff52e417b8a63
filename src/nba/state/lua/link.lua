-- needs: names once deadlines changes
-- Make one name lead to another; answer with the customers whose journeys this changed.

local before = told()
if before then
  return before
end

local was = customer_of(A.identity)
if call('HGET', P .. 'n:' .. A.identity, 'to') == A.customer then
  return {}
end
local name = A.customer
while name do
  if name == A.identity then
    return 'circle'
  end
  name = call('HGET', P .. 'n:' .. name, 'to')
end

loosen(A.identity)
call('HSET', P .. 'n:' .. A.identity, 'to', A.customer)
call('SADD', P .. 'f:' .. A.customer, A.identity)
call('HSET', P .. 'n:' .. A.customer, 'in', call('SCARD', P .. 'f:' .. A.customer))
known(A.identity)
known(A.customer)
local is = customer_of(A.identity)
if is == was then -- by another way
  return tell({})
end
replace(A.identity, {})
note_anew(was, changed(was, true))
note_anew(is, changed(is, true))
return tell(was == A.identity and {is} or {is, was})
