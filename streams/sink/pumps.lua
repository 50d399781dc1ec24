-- Live state of pumps of one power-topic partition; what is older than what is stored changes nothing.
-- ARGV: worker clock in ms, then per pump: offset, pump, hospital, infusing (0/1), on battery (0/1), fields as JSON.
local now = ARGV[1]
for i = 2, #ARGV, 6 do
  local offset, pump, hospital = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2]
  local key = 'pw:pump:' .. pump
  if tonumber(redis.call('HGET', key, 'offset') or '-1') < offset then
    local before = redis.call('HGET', key, 'hospital')
    if before and before ~= hospital then
      for _, kind in ipairs({'online', 'infusing', 'battery'}) do
        redis.call('ZREM', 'pw:live:' .. before .. ':' .. kind, pump)
      end
    end
    local flat = {'offset', offset}
    for name, value in pairs(cjson.decode(ARGV[i + 5])) do
      flat[#flat + 1] = name
      flat[#flat + 1] = value == cjson.null and '' or tostring(value)
    end
    redis.call('HSET', key, unpack(flat))
    redis.call('SADD', 'pw:hospitals', hospital)
    local live = 'pw:live:' .. hospital
    redis.call('ZADD', live .. ':online', now, pump)
    redis.call(ARGV[i + 3] == '1' and 'ZADD' or 'ZREM', live .. ':infusing', unpack(ARGV[i + 3] == '1' and {now, pump} or {pump}))
    redis.call(ARGV[i + 4] == '1' and 'ZADD' or 'ZREM', live .. ':battery', unpack(ARGV[i + 4] == '1' and {now, pump} or {pump}))
  end
end
return #ARGV
