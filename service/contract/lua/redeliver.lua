-- A client wants the end of its job told now, once more or sooner than planned. What a sender has just now is left to it.
-- ARGV: id, client, retention (s)
-- Returns 'due' | 'none' (no such job of this client) | 'running' | 'silent' (the job has no callback)
local id, client, retention_s = unpack(ARGV)
local job = job_key(id)
local record = redis.call('HMGET', job, 'state', 'client', 'callback_receiver', 'callback_claimed_ms', 'callback_due_ms')
if not record[1] or record[2] ~= client then return 'none' end
if not record[3] then return 'silent' end
if not ended(record[1]) then return 'running' end
if record[4] and tonumber(record[5] or 0) > now_ms() then return 'due' end
redis.call('HSET', job, 'callback_tries', 0)
redis.call('HINCRBY', job, 'version', 1)
schedule(id, client, record[3], now_ms(), tonumber(retention_s))
return 'due'
