-- needs: names once changes
-- Make a name a customer again; answer with the customers whose journeys this changed.

local before = told()
if before then
  return before
end

local was = customer_of(A.identity)
if was == A.identity then
  return {}
end
loosen(A.identity)
note_anew(was, changed(was, true))
note_anew(A.identity, changed(A.identity, true))
return tell({A.identity, was})
