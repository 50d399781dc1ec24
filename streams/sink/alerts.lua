-- Alert revisions of one topic partition.
-- KEYS: fence. ARGV: fence field, last offset, "1" to ignore the fence (rebuild), feed length, seconds a resolved
-- alert is kept, then per alert: offset, fingerprint, state, hospital, score, JSON.
local fence = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
local last = tonumber(ARGV[2])
if ARGV[3] ~= '1' and fence >= last then return 0 end
local applied = 0
for i = 6, #ARGV, 6 do
  local offset, fingerprint, state = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local hospital, score, json = ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
  local alert = 'pw:alert:' .. fingerprint
  if tonumber(redis.call('HGET', alert, 'offset') or '-1') < offset then
    redis.call('HSET', alert, 'offset', offset, 'state', state, 'hospital', hospital, 'alert', json)
    if state == 'resolved' then
      redis.call('ZREM', 'pw:alerts:open:' .. hospital, fingerprint)
      redis.call('EXPIRE', alert, ARGV[5])
    else
      redis.call('ZADD', 'pw:alerts:open:' .. hospital, score, fingerprint)
      redis.call('PERSIST', alert)
    end
    redis.call('SADD', 'pw:hospitals', hospital)
    redis.call('XADD', 'pw:feed:' .. hospital, 'MAXLEN', '~', ARGV[4], '*', 'alert', json)
    applied = applied + 1
  end
end
if fence < last then redis.call('HSET', KEYS[1], ARGV[1], last) end
return applied
