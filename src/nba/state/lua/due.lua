-- needs: names deadlines
-- A page of what a pass has to give: the store's id, how many became known so far, the page.

call('SET', P .. 'id', A.otherwise, 'NX')
local id, count = call('GET', P .. 'id'), tonumber(call('GET', P .. 'known') or '0')
if id ~= A.store then -- the pass is to begin anew
  return {id, count, {}}
end
if A.goal[1] > (call('GET', P .. 'asked') or '') then
  call('SET', P .. 'asked', A.goal[1])
end

local page = {}
local covered, goal = math.min(A.covered[2], count), math.min(A.goal[2], count)

-- what lies in the time that is covered, but was not known when it was covered: Redis sorts it,
-- as Lua would by the rules of a language
local late = call('ZRANGEBYSCORE', P .. 'late', '(' .. covered, goal)
if #late > 0 then
  local sorted = P .. 'sorted'
  for _, member in ipairs(late) do
    call('ZADD', sorted, 0, member)
  end
  local start = A.last and '(' .. A.last .. '\255' or '-'
  page = call('ZRANGEBYLEX', sorted, start, '(' .. A.covered[1] .. '\255', 'LIMIT', 0, A.limit)
  call('DEL', sorted)
end

-- what lies after that time
local start, stop = '(' .. A.start .. '\255', '(' .. A.goal[1] .. '\255'
while #page < A.limit do
  local some = call('ZRANGEBYLEX', P .. 'due', start, stop, 'LIMIT', 0, A.limit)
  for _, member in ipairs(some) do
    if #page < A.limit and tonumber(member:match('%z(%d+)$')) <= goal then
      page[#page + 1] = member
    end
  end
  if #some < A.limit then
    break
  end
  start = '(' .. some[#some]
end
return {id, count, page}
