-- Rollup partials of one topic partition.
-- KEYS: fence. ARGV: fence field, last offset, "1" to ignore the fence (rebuild), then per partial: offset, hash of
-- the hospital and hour, field in it, hospital, JSON. `<hash>:offsets` remembers which record a field came from;
-- a rebuild writes that record again, as a part of it may have been deleted.
-- `pw:hours:<hospital>` lists the hours there are, so that readers need not search all keys, each with the number of
-- writes to it, so that a reader who keeps sums of it knows whether they still hold.
-- `pw:drug:<hospital>/<drug>` lists the hour and field of every cell of a drug in the order of the hours, `pw:drugs:`
-- the drugs of a hospital; sums that are about no drug stand under names that begin with "-". `pw:care-areas:<hospital>`
-- lists its care areas. Names are escaped as in the fields.
local fence = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
local last = tonumber(ARGV[2])
local rebuild = ARGV[3] == '1'
if not rebuild and fence >= last then return 0 end
local applied = 0
for i = 4, #ARGV, 5 do
  local offset, hash, field, hospital, json = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4]
  local offsets = hash .. ':offsets'
  local before = tonumber(redis.call('HGET', offsets, field) or '-1')
  if before < offset or (rebuild and before == offset) then
    redis.call('HSET', hash, field, json)
    redis.call('HSET', offsets, field, offset)
    redis.call('SADD', 'pw:hospitals', hospital)
    redis.call('ZINCRBY', 'pw:hours:' .. hospital, 1, string.sub(hash, string.len('pw:roll:' .. hospital .. ':') + 1))
    local care_area, drug = string.match(field, '^([^/]*)/([^/]*)/')
    if before < 0 or rebuild then redis.call('SADD', 'pw:care-areas:' .. hospital, care_area) end
    if (before < 0 or rebuild) and string.sub(drug, 1, 1) ~= '-' then
      local place = string.gsub(string.gsub(hospital, '%%', '%%25'), '/', '%%2F')
      local hour = string.sub(hash, string.len('pw:roll:' .. hospital .. ':') + 1)
      redis.call('ZADD', 'pw:drug:' .. place .. '/' .. drug, 0, hour .. '|' .. field)
      redis.call('SADD', 'pw:drugs:' .. hospital, drug)
    end
    applied = applied + 1
  end
end
if fence < last then redis.call('HSET', KEYS[1], ARGV[1], last) end
return applied
