-- needs: names
-- The customer that a name leads to, and all names that lead there.

local customer, _, leading = customer_of(A.name)
return names_of(customer, leading)
