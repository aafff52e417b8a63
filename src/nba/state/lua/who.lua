-- needs: names
-- The customer that a name leads to, and the version.

local customer, version = customer_of(A.name)
return {customer, version}
