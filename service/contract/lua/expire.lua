-- The sweep: takes jobs back whose lease has expired. A crash is charged only where the worker's own heartbeat is older than a
-- lease too, and Redis has answered somebody for a full lease without a gap: until then such a job is left alone, since an
-- outage silences every worker.
-- ARGV: lease (ms), gap of the pulse (ms), most jobs, retention (s)
-- Returns {id, 'queued' | 'quarantined' | 'exhausted', 'crashed' | 'dropped', worker, ...}, four strings for each job
local lease, limit, retention_s = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local since = pulse(tonumber(ARGV[2]))
local now = now_ms()
local answer = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEY.running, '-inf', now, 'LIMIT', 0, limit)) do
  local record = redis.call('HMGET', job_key(id), 'state', 'worker')
  if record[1] ~= 'running' then
    redis.call('ZREM', KEY.running, id)
  else
    local worker = record[2] or ''
    local seen = tonumber(redis.call('ZSCORE', KEY.workers, worker) or 0)
    local outcome = nil
    if now - seen < lease then
      outcome = 'dropped'
    elseif now - since >= lease then
      outcome = 'crashed'
    end
    if outcome then
      local place = take_back(id, outcome, retention_s)
      for _, value in ipairs({id, place, outcome, worker}) do answer[#answer + 1] = value end
    end
  end
end
return answer
