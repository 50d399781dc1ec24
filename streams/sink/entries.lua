-- Recent dose entries; sent twice, late or by two writers they change nothing more.
-- ARGV: entries kept for a pump, seconds they are kept, lines as JSON: [[offset, list of the pump, JSON], ...]; then
-- per flagged entry: offset, hash, JSON of its score. An offset is that of the keystroke record a score follows from,
-- so it grows with the revisions of an entry and with the entries of a pump.
-- All lines are one argument, as each argument costs the worker more than making the line.
local kept, seconds = tonumber(ARGV[1]), ARGV[2]
for _, line in ipairs(cjson.decode(ARGV[3])) do
  redis.call('ZADD', line[2], line[1], line[3])
  redis.call('ZREMRANGEBYRANK', line[2], 0, -kept - 1)
  redis.call('EXPIRE', line[2], seconds)
end
for i = 4, #ARGV, 3 do
  local offset, entry = tonumber(ARGV[i]), ARGV[i + 1]
  if tonumber(redis.call('HGET', entry, 'offset') or '-1') < offset then
    redis.call('HSET', entry, 'offset', offset, 'score', ARGV[i + 2])
    redis.call('EXPIRE', entry, seconds)
  end
end
return #ARGV
