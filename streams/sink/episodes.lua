-- The last episodes of pumps, each with its latest revision, in the order of their start.
-- ARGV: episodes kept of a pump, seconds they are kept, then per revision: pump, episode, revision, start in ms, JSON.
-- An entry of the list is "start revision episode", a line break and the JSON. An older revision never replaces a newer
-- one, so any revision may be written again at any time.
local most = tonumber(ARGV[1])

local function put(key, episode, revision, start, entry)
  local after
  for _, stored in ipairs(redis.call('LRANGE', key, 0, -1)) do
    local its_start, its_revision, its_name = string.match(stored, '^(%d+) (%d+) ([^\n]*)\n')
    if its_name == episode then
      if tonumber(its_revision) >= revision then return end
      redis.call('LREM', key, 1, stored)
    elseif tonumber(its_start) <= start then
      after = stored
    end
  end
  if after then
    redis.call('LINSERT', key, 'AFTER', after, entry)
  else
    redis.call('LPUSH', key, entry)
  end
  redis.call('LTRIM', key, -most, -1)
end

for i = 3, #ARGV, 5 do
  local key, episode, revision, start = 'pw:episodes:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local entry = start .. ' ' .. revision .. ' ' .. episode .. '\n' .. ARGV[i + 4]
  put(key, episode, tonumber(revision), tonumber(start), entry)
  redis.call('EXPIRE', key, ARGV[2])
end
return #ARGV
