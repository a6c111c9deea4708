-- Notes that an API key was used, unless it has been revoked meanwhile.
-- ARGV: key id
local key = KEY.api_key .. ARGV[1]
if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'used_ms', now_ms()) end
