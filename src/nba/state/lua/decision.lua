-- needs: names
-- What is remembered of a decision.

local name = call('HGET', P .. 'made', A.id)
return name and call('HGET', P .. 'k:' .. name, A.id)
