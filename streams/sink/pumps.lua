-- Live state of pumps of one power-topic partition; what is older than what is stored changes nothing.
-- ARGV: worker clock in ms, seconds a silent pump is kept, samples kept of a pump, seconds they are kept, then per
-- pump: offset, pump, hospital, infusing (0/1), on battery (0/1), fields as JSON, new charge samples (see charge.py).
local now, kept_s, most, history_s = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local SAMPLE, SET_BACK_S = 7, 240

local function second(sample)
  return sample and struct.unpack('>I4', sample) or -1
end

-- Samples stay in the order of their time. Those that were written before are met again after a restart.
local function remember(key, samples)
  for first = 1, #samples, SAMPLE do
    local sample = string.sub(samples, first, first + SAMPLE - 1)
    local at, newest = second(sample), second(redis.call('LINDEX', key, -1))
    while newest - at > SET_BACK_S do -- the pump's clock was set back: what it said by the wrong one goes
      redis.call('RPOP', key)
      newest = second(redis.call('LINDEX', key, -1))
    end
    if at > newest then
      redis.call('RPUSH', key, sample)
    elseif at == newest then
      redis.call('LSET', key, -1, sample)
    end
  end
  redis.call('LTRIM', key, -most, -1)
  local newest, oldest = second(redis.call('LINDEX', key, -1)), redis.call('LINDEX', key, 0)
  while oldest and second(oldest) < newest - history_s do
    redis.call('LPOP', key)
    oldest = redis.call('LINDEX', key, 0)
  end
  redis.call('EXPIRE', key, history_s)
end

local heard = {}
for i = 5, #ARGV, 7 do
  local offset, pump, hospital, samples = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2], ARGV[i + 6]
  local key = 'pw:pump:' .. pump
  local before = redis.call('HMGET', key, 'offset', 'hospital')
  if tonumber(before[1] or '-1') < offset then
    if before[2] and before[2] ~= hospital then
      for _, kind in ipairs({'online', 'infusing', 'battery'}) do
        redis.call('ZREM', 'pw:live:' .. before[2] .. ':' .. kind, pump)
      end
      -- What it was like elsewhere is no business of the hospital that has it now.
      redis.call('DEL', 'pw:charge:' .. pump)
      samples = ''
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
    heard[hospital] = true
    -- Each pump has a sample every half hour at the latest, so this need not be said with every state.
    if #samples > 0 or not before[1] then redis.call('EXPIRE', key, kept_s) end
    if #samples > 0 and most > 0 then remember('pw:charge:' .. pump, samples) end
  end
end
for hospital in pairs(heard) do
  for _, kind in ipairs({'online', 'infusing', 'battery'}) do
    local live = 'pw:live:' .. hospital .. ':' .. kind
    redis.call('ZREMRANGEBYSCORE', live, '-inf', now - kept_s * 1000)
    redis.call('EXPIRE', live, kept_s)
  end
end
return #ARGV
