-- A sender says what became of a delivery.
-- ARGV: id, token, 'delivered' | 'failed' | 'again', ms until it is tried again, status (0 for none), fault ('' for none),
--       ms that it took, retention (s)
-- Returns the state that the callback is in now: one that would be tried again only after its job has expired has failed;
--   '' where the token is not the delivery's any more, or the job is gone
local id, token, outcome, delay, status, fault, took, retention_s = unpack(ARGV)
local job = job_key(id)
local record = redis.call('HMGET', job, 'callback_token', 'client', 'callback_receiver', 'callback_claimed_ms', 'expires_ms')
if record[1] ~= token or not record[4] then return '' end
pass_maxmemory()
log_callback(job, tonumber(record[4]), tonumber(status), fault, tonumber(took))
redis.call('HDEL', job, 'callback_claimed_ms')
local due = now_ms() + tonumber(delay)
count('deliveries ' .. outcome)
unschedule(id, record[2], record[3])
if outcome == 'again' and due < tonumber(record[5]) then
  schedule(id, record[2], record[3], due, tonumber(retention_s))
  return 'pending'
end
if outcome == 'again' then outcome = 'failed' end
redis.call('HSET', job, 'callback_state', outcome)
redis.call('HDEL', job, 'callback_due_ms')
return outcome
