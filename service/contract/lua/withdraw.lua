-- Undoes an admission whose client is told that it failed. Leaves a job alone that was given to a second submission with the
-- same Idempotency-Key, since that one has its answer; where it has no message, a sweep publishes it.
-- ARGV: id, idempotency key ('' where none was given), '1' to withdraw it even where a worker has it already
-- Returns 1 when it was withdrawn, else 0
local id, idem, at_work = unpack(ARGV)
local record = redis.call('HMGET', job_key(id), 'state', 'token', 'client')
if not record[1] then return 0 end
if at_work ~= '1' and (record[1] ~= 'queued' or record[2] ~= '0') then return 0 end
if idem ~= '' and redis.call('HGET', idem, 'replays') then return 0 end
erase(id, record[3])
if idem ~= '' then redis.call('DEL', idem) end
count('withdrawn')
return 1
