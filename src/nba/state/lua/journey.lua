-- needs: names rows
-- The customer that a name leads to, the version of the rows, and the rows.

local customer, _, leading, version = customer_of(A.name)
return {customer, version, rows_of(names_of(customer, leading), version)}
