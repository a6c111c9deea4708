-- A worker begins an attempt. The attempt is counted here, before any work.
-- KEYS: job, queued, running
-- ARGV: id, worker, lease (ms)
-- Returns {'claimed', token, attempts, created_ms, started_ms, request} | {'gone'} | {'ended', state} | {'held', lease_ms}
local record = redis.call('HMGET', KEYS[1], 'state', 'lease_ms', 'request', 'created_ms')
local state = record[1]
if not state then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  return {'gone'}
end
if ended(state) then return {'ended', state} end
local now = now_ms()
if state == 'running' and tonumber(record[2]) > now then return {'held', tonumber(record[2])} end
local lease = now + tonumber(ARGV[3])
local token = redis.call('HINCRBY', KEYS[1], 'token', 1)
local attempts = redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('HSET', KEYS[1], 'state', 'running', 'stage', 'translating', 'started_ms', now, 'worker', ARGV[2],
  'lease_ms', lease, 'done', 0, 'total', 0)
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], lease, ARGV[1])
return {'claimed', token, attempts, tonumber(record[4]), now, record[3]}
