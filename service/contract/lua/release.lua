-- A worker gives an attempt back unfinished (drain); the attempt is not charged.
-- KEYS: job, queued, running
-- ARGV: id, token
-- Returns 1 when the job is queued again, else 0
local record = redis.call('HMGET', KEYS[1], 'token', 'state', 'created_ms')
if record[1] ~= ARGV[2] or record[2] ~= 'running' then return 0 end
redis.call('HINCRBY', KEYS[1], 'token', 1)
redis.call('HINCRBY', KEYS[1], 'attempts', -1)
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'state', 'queued', 'done', 0, 'total', 0)
redis.call('HDEL', KEYS[1], 'worker', 'lease_ms', 'stage', 'started_ms')
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[2], tonumber(record[3]), ARGV[1])
return 1
