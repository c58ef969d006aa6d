/** What must happen at once on the server. Times are the server's, so the clocks of members do not matter. */

/** KEYS: hash of a group. ARGV: id, value, time to live in ms. Gives id, value, id, value … of the living. */
export const ANNOUNCE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now + ARGV[3]) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local stored = redis.call('HGETALL', KEYS[1])
local living = {}
for at = 1, #stored, 2 do
  local ends, value = string.match(stored[at + 1], '^(%d+) (.*)$')
  if ends and tonumber(ends) > now then
    living[#living + 1] = stored[at]
    living[#living + 1] = value
  else
    redis.call('HDEL', KEYS[1], stored[at])
  end
end
return living`;

/** KEYS: a counter. ARGV: its window in ms, used when it is new. Gives the count and the ms left. */
export const COUNT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { count, redis.call('PTTL', KEYS[1]) }`;

/** KEYS: a counter. Gives the count and the ms left. */
export const READ = `
return { tonumber(redis.call('GET', KEYS[1]) or 0), math.max(0, redis.call('PTTL', KEYS[1])) }`;
