-- Looks for the batch that an Idempotency-Key led to, and notes that it does so again: a second answer rests on it then.
-- ARGV: idempotency key, body digest
-- Returns {'new'} | {'known', id} | {'conflict'}
local idem, body = unpack(ARGV)
local known = redis.call('HMGET', idem, 'id', 'body')
if not known[1] then return {'new'} end
if known[2] ~= body then return {'conflict'} end
redis.call('HINCRBY', idem, 'replays', 1)
return {'known', known[1]}
