-- Undoes an admission whose message could not be queued. Leaves a job alone that somebody has already claimed, or that was
-- given to a second submission with the same Idempotency-Key: that one has published it too, and has its answer.
-- ARGV: id, idempotency key ('' where none was given)
-- Returns 1 when it was withdrawn, else 0
local id, idem = unpack(ARGV)
local record = redis.call('HMGET', job_key(id), 'state', 'token')
if record[1] ~= 'queued' or record[2] ~= '0' then return 0 end
if idem ~= '' and redis.call('HGET', idem, 'replays') then return 0 end
redis.call('DEL', job_key(id))
redis.call('ZREM', KEY.queued, id)
redis.call('ZREM', KEY.unlisted, id)
if idem ~= '' then redis.call('DEL', idem) end
return 1
