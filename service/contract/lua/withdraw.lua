-- Undoes an admission whose message could not be queued. Leaves a job alone that somebody has already claimed, or that was
-- given to a second submission with the same Idempotency-Key: that one has published it too, and has its answer.
-- KEYS: job, queued, idempotency ('' where none was given)
-- ARGV: id
-- Returns 1 when it was withdrawn, else 0
local record = redis.call('HMGET', KEYS[1], 'state', 'token')
if record[1] ~= 'queued' or record[2] ~= '0' then return 0 end
if KEYS[3] ~= '' and redis.call('HGET', KEYS[3], 'replays') then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
if KEYS[3] ~= '' then redis.call('DEL', KEYS[3]) end
return 1
