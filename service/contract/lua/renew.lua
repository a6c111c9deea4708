-- A worker's heartbeat: leases and progress of all its attempts, and word of itself, in one round trip.
-- KEYS: running, workers, worker, then the key of each job
-- ARGV: worker id, lease (ms; 0 leaves the leases as they are), description (JSON; '' leaves it), then for each job
--       id, token, stage, done, total
-- Returns for each job 'ok', or 'lost' when the token is no longer the job's (cancelled, erased or claimed by another)
local now = now_ms()
local lease = tonumber(ARGV[2])
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[3], 'description', ARGV[3])
  redis.call('EXPIRE', KEYS[3], 60)
  redis.call('ZADD', KEYS[2], now, ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - 60000)
end
local answer = {}
for i = 4, #KEYS do
  local a = 4 + (i - 4) * 5
  local id, token = ARGV[a], ARGV[a + 1]
  local record = redis.call('HMGET', KEYS[i], 'token', 'state', 'stage', 'done', 'total')
  if record[1] == token and record[2] == 'running' then
    if lease > 0 then
      redis.call('HSET', KEYS[i], 'lease_ms', now + lease)
      redis.call('ZADD', KEYS[1], now + lease, id)
    end
    if record[3] ~= ARGV[a + 2] or record[4] ~= ARGV[a + 3] or record[5] ~= ARGV[a + 4] then
      redis.call('HSET', KEYS[i], 'stage', ARGV[a + 2], 'done', ARGV[a + 3], 'total', ARGV[a + 4])
      redis.call('HINCRBY', KEYS[i], 'version', 1)
    end
    answer[#answer + 1] = 'ok'
  else
    answer[#answer + 1] = 'lost'
  end
end
return answer
