-- Takes up to ARGV[2] tokens from the bucket KEYS[1], which holds at most one second's worth and is
-- filled with ARGV[1] a second by the server's clock. Answers {taken, ms until there is one}.
local limit, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]) or limit, tonumber(state[2]) or now
tokens = math.min(limit, tokens + math.max(0, now - at) * limit / 1000)
local taken = math.min(wanted, math.floor(tokens))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - taken), 'at', string.format('%.0f', now))
redis.call('EXPIRE', KEYS[1], ARGV[3])
if taken > 0 then return {taken, 0} end
return {0, limit > 0 and math.ceil((1 - tokens) * 1000 / limit) or 1000}
