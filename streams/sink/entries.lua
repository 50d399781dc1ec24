-- Recent dose entries; sent twice, late or by two writers they change nothing more.
-- ARGV: entries kept for a pump, seconds they are kept, number of lines, then per line: offset, list of the pump, JSON;
-- then per flagged entry: offset, hash, JSON of its score. An offset is that of the keystroke record a score follows
-- from, so it grows with the revisions of an entry and with the entries of a pump.
local kept, seconds, lines = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local first = 4
for i = first, first + 3 * (lines - 1), 3 do
  local list = ARGV[i + 1]
  redis.call('ZADD', list, ARGV[i], ARGV[i + 2])
  redis.call('ZREMRANGEBYRANK', list, 0, -kept - 1)
  redis.call('EXPIRE', list, seconds)
end
for i = first + 3 * lines, #ARGV, 3 do
  local offset, entry = tonumber(ARGV[i]), ARGV[i + 1]
  if tonumber(redis.call('HGET', entry, 'offset') or '-1') < offset then
    redis.call('HSET', entry, 'offset', offset, 'score', ARGV[i + 2])
    redis.call('EXPIRE', entry, seconds)
  end
end
return lines
