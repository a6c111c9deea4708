-- A new batch is recorded, unless its Idempotency-Key is known.
-- ARGV: id, client, idempotency key ('' where none was given), body digest, its ttl (s), metadata, items, ttl of the batch (s)
-- Returns {'made', created_ms} | {'known', id} | {'conflict'}. Raises OOM where memory runs short
local id, client, idem, body, idem_ttl, metadata, items, ttl = unpack(ARGV)
if idem ~= '' then
  local known = redis.call('HMGET', idem, 'id', 'body')
  if known[1] then
    if known[2] == body then return {'known', known[1]} end
    return {'conflict'}
  end
end
local short = out_of_room()
if short then return short end
if idem ~= '' then
  redis.call('HSET', idem, 'id', id, 'body', body)
  redis.call('EXPIRE', idem, tonumber(idem_ttl))
end
local now = now_ms()
redis.call('HSET', KEY.batch .. id, 'client', client, 'metadata', metadata, 'items', items, 'created_ms', now)
redis.call('EXPIRE', KEY.batch .. id, tonumber(ttl))
return {'made', now}
