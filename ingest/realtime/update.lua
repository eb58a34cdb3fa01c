-- One batch into all keys of real time, whole or not at all; 1 when it counted, 0 when it was
-- repeated. KEYS: requests, batch, active, sessions, paths, spots, then one for each session,
-- page view and click of ARGV[1], a JSON object with `now` and their values in the same order.
local facts = cjson.decode(ARGV[1])
local life = facts.life

redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], life.rate)
if not redis.call('SET', KEYS[2], '', 'NX', 'EX', life.batch) then return 0 end

local key = 6
local function whole(number) return string.format('%.0f', number) end

for _, one in ipairs(facts.sessions) do
    key = key + 1
    local started, last = unpack(redis.call('HMGET', KEYS[key], 'started_at', 'last_event_at'))
    started, last = tonumber(started), tonumber(last)
    local is_newest = not last or one.last_event_at >= last
    redis.call('HSET', KEYS[key], 'project_id', facts.project,
        'started_at', whole(math.min(started or one.started_at, one.started_at)),
        'last_event_at', whole(math.max(last or one.last_event_at, one.last_event_at)))
    redis.call('HINCRBY', KEYS[key], 'page_count', one.page_count)
    redis.call('HINCRBY', KEYS[key], 'event_count', one.event_count)
    for _, name in ipairs({'user_id', 'current_url'}) do
        if one[name] ~= '' and (is_newest or redis.call('HEXISTS', KEYS[key], name) == 0) then
            redis.call('HSET', KEYS[key], name, one[name])
        end
    end
    redis.call('EXPIRE', KEYS[key], life.session)
    redis.call('ZADD', KEYS[3], 'GT', whole(one.last_event_at), one.id)
    redis.call('PFADD', KEYS[4], one.id)
end
if #facts.sessions > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', whole(facts.now - life.session * 1000))
    redis.call('EXPIRE', KEYS[3], life.session)
    if redis.call('TTL', KEYS[4]) < 0 then redis.call('EXPIRE', KEYS[4], life.sessions) end
end

for _, one in ipairs(facts.page_views) do
    key = key + 1
    redis.call('INCRBY', KEYS[key], one.count)
    redis.call('EXPIRE', KEYS[key], life.page_views)
    redis.call('ZADD', KEYS[5], 'GT', whole(facts.now), one.path)
end
if #facts.page_views > 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', whole(facts.now - life.page_views * 1000))
    redis.call('EXPIRE', KEYS[5], life.page_views)
end

for _, one in ipairs(facts.clicks) do
    key = key + 1
    local count = redis.call('RPUSH', KEYS[key], whole(one.at))
    redis.call('LTRIM', KEYS[key], -20, -1)
    redis.call('EXPIRE', KEYS[key], life.clicks)
    local first = tonumber(redis.call('LINDEX', KEYS[key], -facts.rage_clicks) or 0)
    if count >= facts.rage_clicks and one.at - first <= facts.rage_ms then
        redis.call('ZADD', KEYS[6], 'GT', whole(one.at), one.spot)
        redis.call('EXPIRE', KEYS[6], life.spots)
    end
end
return 1
