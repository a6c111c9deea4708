-- An attempt ends its job, if the job is still its own.
-- KEYS: job, queued, running
-- ARGV: id, token, state (succeeded | failed), error code, error detail, result, retention (s), channel, done, total
-- Returns 1 when this attempt ended the job, else 0
local record = redis.call('HMGET', KEYS[1], 'token', 'state')
if record[1] ~= ARGV[2] or record[2] ~= 'running' then return 0 end
if ARGV[3] == 'succeeded' then
  redis.call('HSET', KEYS[1], 'result', ARGV[6], 'done', ARGV[9], 'total', ARGV[10])
else
  redis.call('HSET', KEYS[1], 'error_code', ARGV[4], 'error_detail', ARGV[5])
end
finish(KEYS[1], KEYS[2], KEYS[3], ARGV[8], ARGV[1], ARGV[3], tonumber(ARGV[7]))
return 1
