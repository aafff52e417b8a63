-- What was done once is told again to who lost the connection before the answer came.

local function told()
  local answer = A.again and call('GET', P .. 'done:' .. A.token)
  return answer and cmsgpack.unpack(answer)
end

local function tell(answer)
  call('SET', P .. 'done:' .. A.token, cmsgpack.pack(answer), 'PX', A.keep)
  return answer
end
