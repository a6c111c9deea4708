-- A worker begins an attempt. The attempt is counted here, before any work.
-- ARGV: id, worker, lease (ms), lane ('' | 'quarantine')
-- Returns {'claimed', token, attempts, created_ms, started_ms, request} | {'gone'} | {'ended', state} | {'held', lease_ms}
--   | {'elsewhere', lane of the job}
local id, worker, lease_for, lane = unpack(ARGV)
local job = job_key(id)
local record = redis.call('HMGET', job, 'state', 'lease_ms', 'request', 'created_ms', 'lane')
local state = record[1]
if not state then
  for _, set in ipairs({KEY.queued, KEY.running, KEY.quarantined, KEY.unlisted}) do redis.call('ZREM', set, id) end
  return {'gone'}
end
if ended(state) then return {'ended', state} end
-- An expired lease is the sweep's to judge: only there is a crash charged.
if state == 'running' then return {'held', tonumber(record[2])} end
if (record[5] or '') ~= lane then return {'elsewhere', record[5] or ''} end
local now = now_ms()
local lease = now + tonumber(lease_for)
pass_maxmemory()
local token = redis.call('HINCRBY', job, 'token', 1)
local attempts = redis.call('HINCRBY', job, 'attempts', 1)
redis.call('HSET', job, 'state', 'running', 'stage', 'translating', 'started_ms', now, 'worker', worker,
  'lease_ms', lease, 'done', 0, 'total', 0)
redis.call('HDEL', job, unpack(PACE))
redis.call('HINCRBY', job, 'version', 1)
redis.call('ZREM', KEY.queued, id)
redis.call('ZREM', KEY.quarantined, id)
redis.call('ZREM', KEY.unlisted, id)
redis.call('ZADD', KEY.running, lease, id)
count('attempts')
-- The token of the first claim of all: a job that was given back has its attempts counted anew.
if token == 1 then observe('waited', now - tonumber(record[4])) end
return {'claimed', token, attempts, tonumber(record[4]), now, record[3]}
