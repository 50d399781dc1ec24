-- Maintenance windows of one topic partition.
-- KEYS: fence. ARGV: fence field, last offset, "1" to ignore the fence (rebuild), seconds an ended window is kept,
-- time now in ms, then per window: offset, hash of the window, sorted set of its hospital, name in it, hospital,
-- planned end in ms, JSON.
-- A hospital's set is ordered by the planned end; what ended so long ago leaves it as its hash expires.
local fence = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
local last = tonumber(ARGV[2])
local rebuild = ARGV[3] == '1'
if not rebuild and fence >= last then return 0 end
local kept = tonumber(ARGV[4]) * 1000
local now = tonumber(ARGV[5])
local applied = 0
for i = 6, #ARGV, 7 do
  local offset, hash, set = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local name, hospital, ends = ARGV[i + 3], ARGV[i + 4], tonumber(ARGV[i + 5])
  local before = tonumber(redis.call('HGET', hash, 'offset') or '-1')
  if (before < offset or (rebuild and before == offset)) and ends + kept > now then
    redis.call('HSET', hash, 'offset', offset, 'window', ARGV[i + 6])
    redis.call('PEXPIREAT', hash, ends + kept)
    redis.call('ZADD', set, ends, name)
    redis.call('ZREMRANGEBYSCORE', set, '-inf', now - kept)
    redis.call('SADD', 'pw:hospitals', hospital)
    applied = applied + 1
  end
end
if fence < last then redis.call('HSET', KEYS[1], ARGV[1], last) end
return applied
