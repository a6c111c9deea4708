-- Somebody saw this worker end: its jobs need not wait for their leases, and are charged.
-- ARGV: worker, retention (s)
-- Returns {id, 'queued' | 'quarantined' | 'exhausted', ...}, two strings for each job
local worker, retention_s = ARGV[1], tonumber(ARGV[2])
local answer = {}
for _, id in ipairs(redis.call('ZRANGE', KEY.running, 0, -1)) do
  if redis.call('HGET', job_key(id), 'worker') == worker then
    answer[#answer + 1] = id
    answer[#answer + 1] = take_back(id, 'crashed', retention_s, true)
  end
end
redis.call('ZREM', KEY.workers, worker)
redis.call('DEL', KEY.worker .. worker)
return answer
