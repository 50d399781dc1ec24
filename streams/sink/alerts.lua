-- Alert revisions of one topic partition.
-- KEYS: fence. ARGV: fence field, last offset, "1" to ignore the fence (rebuild), feed length, seconds a resolved
-- alert is kept, then per alert: offset, fingerprint, state, hospital, score, revision, time in ms, JSON, pump or "".
-- `pw:alerts:pump:<pump>` lists the alerts of a pump by their begin, the open ones above all others;
-- `pw:critical:<hospital>` lists those that began as critical in the last five weeks.
-- `pw:alert-steps:<fingerprint>` keeps the first and the last revisions as they were published.
-- A worker that lost its partitions unawares may send an older revision after a newer one: it is told by both its
-- revision and its time, as an alert that was forgotten begins again at revision 1.
-- A rebuild writes a record again that is there already (a part of it may have been deleted), and announces nothing.
local fence = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
local last = tonumber(ARGV[2])
local rebuild = ARGV[3] == '1'
if not rebuild and fence >= last then return 0 end
local OPEN, OF_A_PUMP, RANK = 10^15, 50, 10^13
local CRITICALS, CRITICAL_MS = 20000, 35 * 86400000
local STEPS = 20
local applied = 0
for i = 6, #ARGV, 9 do
  local offset, fingerprint, state = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local hospital, score, json = ARGV[i + 3], ARGV[i + 4], ARGV[i + 7]
  local revision, at = tonumber(ARGV[i + 5]), tonumber(ARGV[i + 6])
  local alert, steps = 'pw:alert:' .. fingerprint, 'pw:alert-steps:' .. fingerprint
  redis.call('ZADD', steps, 'NX', offset, json)
  redis.call('ZREMRANGEBYRANK', steps, 1, -STEPS - 1)
  local known = redis.call('HMGET', alert, 'offset', 'revision', 'at')
  local before = tonumber(known[1] or '-1')
  local stale = revision < tonumber(known[2] or '0') and at <= tonumber(known[3] or '0')
  if (before < offset or (rebuild and before == offset)) and not stale then
    redis.call('HSET', alert, 'offset', offset, 'revision', revision, 'at', at, 'state', state,
      'hospital', hospital, 'alert', json)
    if state == 'resolved' then
      redis.call('ZREM', 'pw:alerts:open:' .. hospital, fingerprint)
      redis.call('EXPIRE', alert, ARGV[5])
      redis.call('EXPIRE', steps, ARGV[5])
    else
      redis.call('ZADD', 'pw:alerts:open:' .. hospital, score, fingerprint)
      redis.call('PERSIST', alert)
      redis.call('PERSIST', steps)
    end
    local rank = math.floor(tonumber(score) / RANK)
    local since = tonumber(score) - rank * RANK
    if ARGV[i + 8] ~= '' then
      local of_pump = 'pw:alerts:pump:' .. ARGV[i + 8]
      redis.call('ZADD', of_pump, since + (state == 'resolved' and 0 or OPEN), fingerprint)
      redis.call('ZREMRANGEBYRANK', of_pump, 0, -OF_A_PUMP - 1)
      local first = redis.call('ZREVRANGE', of_pump, 0, 0, 'WITHSCORES')[2]
      if tonumber(first) >= OPEN then redis.call('PERSIST', of_pump) else redis.call('EXPIRE', of_pump, ARGV[5]) end
    end
    if rank == 3 then
      local critical = 'pw:critical:' .. hospital
      redis.call('ZADD', critical, since, fingerprint)
      local newest = redis.call('ZREVRANGE', critical, 0, 0, 'WITHSCORES')[2]
      redis.call('ZREMRANGEBYSCORE', critical, '-inf', tonumber(newest) - CRITICAL_MS)
      redis.call('ZREMRANGEBYRANK', critical, 0, -CRITICALS - 1)
    end
    redis.call('SADD', 'pw:hospitals', hospital)
    if not rebuild then
      redis.call('XADD', 'pw:feed:' .. hospital, 'MAXLEN', '~', ARGV[4], '*', 'alert', json)
    end
    applied = applied + 1
  end
end
if fence < last then redis.call('HSET', KEYS[1], ARGV[1], last) end
return applied
