-- Charge samples from before those that are stored: a rebuild reads them while the live stream goes on.
-- ARGV: samples kept of a pump, seconds they are kept, then per pump: pump, samples in the order in which they came.
local SAMPLE = 7
for i = 3, #ARGV, 2 do
  local key, samples = 'pw:charge:' .. ARGV[i], ARGV[i + 1]
  local oldest = redis.call('LINDEX', key, 0)
  local before = oldest and struct.unpack('>I4', oldest)
  local room = tonumber(ARGV[1]) - redis.call('LLEN', key)
  for first = #samples - SAMPLE + 1, 1, -SAMPLE do
    local sample = string.sub(samples, first, first + SAMPLE - 1)
    local at = struct.unpack('>I4', sample)
    -- One that is not older was said by a clock that was set back since, or came very late.
    if room > 0 and (not before or at < before) then
      redis.call('LPUSH', key, sample)
      before, room = at, room - 1
    end
  end
  redis.call('EXPIRE', key, ARGV[2])
end
return #ARGV
