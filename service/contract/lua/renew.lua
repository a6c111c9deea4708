-- A worker's heartbeat: leases and progress of all its attempts, and word of itself, in one round trip.
-- ARGV: worker, lease (ms; 0 leaves the leases as they are), gap of the pulse (ms), description (JSON; '' leaves it), then for
--       each attempt: id, token, stage, done, total
-- Returns for each attempt 'ok', or 'lost' when the token is no longer the job's (cancelled, erased or taken back)
local worker, lease, description = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local now = now_ms()
pulse(tonumber(ARGV[3]))
if description ~= '' then
  redis.call('HSET', KEY.worker .. worker, 'description', description)
  redis.call('EXPIRE', KEY.worker .. worker, 60)
  redis.call('ZADD', KEY.workers, now, worker)
  redis.call('ZREMRANGEBYSCORE', KEY.workers, '-inf', now - 60000)
end

-- A crash that others charged this attempt with did not happen: its worker speaks. What the worker itself said stands, and what
-- was seen: a heartbeat can be on its way beside that.
local function absolve(job, token)
  local text = redis.call('HGET', job, 'history')
  if not text then return end
  local history = cjson.decode(text)
  for _, entry in ipairs(history) do
    if entry.token == tonumber(token) and entry.worker == worker and entry.outcome == 'crashed' and not entry.certain then
      entry.outcome = 'dropped'
      count('attempts absolved')
      redis.call('HINCRBY', job, 'crashes', -1)
      if entry.lane == 'quarantine' then redis.call('HINCRBY', job, 'deaths', -1) end
      redis.call('HSET', job, 'history', cjson.encode(history))
      redis.call('HINCRBY', job, 'version', 1)
    end
  end
end

local answer = {}
for a = 5, #ARGV, 5 do
  local id, token, job = ARGV[a], ARGV[a + 1], job_key(ARGV[a])
  local record = redis.call('HMGET', job, 'token', 'state', 'stage', 'done', 'total')
  if record[1] == token and record[2] == 'running' then
    if lease > 0 then
      redis.call('HSET', job, 'lease_ms', now + lease)
      redis.call('ZADD', KEY.running, now + lease, id)
    end
    if record[3] ~= ARGV[a + 2] or record[4] ~= ARGV[a + 3] or record[5] ~= ARGV[a + 4] then
      redis.call('HSET', job, 'stage', ARGV[a + 2], 'done', ARGV[a + 3], 'total', ARGV[a + 4], 'progress_ms', now)
      -- A total that changes is another count: the pace is taken from there.
      if record[5] ~= ARGV[a + 4] then redis.call('HSET', job, 'paced_ms', now, 'paced_done', ARGV[a + 3]) end
      redis.call('HINCRBY', job, 'version', 1)
    end
    answer[#answer + 1] = 'ok'
  else
    if record[2] and not ended(record[2]) then absolve(job, token) end
    answer[#answer + 1] = 'lost'
  end
end
return answer
