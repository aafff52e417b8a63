-- Decisions: of each name a hash `k:` from their ids to what is remembered; `made` has, by their
-- ids, the names. `decided` has them by their times.
--
-- What is remembered is a line of numbers and then the texts that they are about: the revision
-- and the length of its text first, as these change; then the time, and the lengths of the id and
-- the name; and for each answer its place among the alternatives and the length of it.

local function remembered(decision, text, name, granted, answers)
  local id = decision.id
  local line = string.format('0 %d %s %d %d', #text, decision.at, #id, #name)
  local texts = text .. id .. name
  for number, place in ipairs(granted) do
    local answer = answers[number]
    line, texts = line .. ' ' .. place .. ' ' .. #answer, texts .. answer
  end
  return line .. '\n' .. texts
end

-- The places of the answers that were granted.
local function granted_in(row)
  local numbers, granted = {}, {}
  for number in row:match('^[^\n]*'):gmatch('%d+') do
    numbers[#numbers + 1] = number
  end
  for at = 6, #numbers, 2 do
    granted[#granted + 1] = tonumber(numbers[at])
  end
  return granted
end

-- The row with another text, and the next revision.
local function amended(row, text)
  local revision, length, rest, texts = row:match('^(%d+) (%d+)( [^\n]*\n)()')
  local others = row:sub(texts + tonumber(length))
  return (tonumber(revision) + 1) .. ' ' .. #text .. rest .. text .. others
end

local function decided_member(at, name, id)
  return at .. #name .. ':' .. name .. id
end

-- The time of a row.
local function decided_at(row)
  return row:match('^%d+ %d+ (%d+)')
end
