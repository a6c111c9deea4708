-- A new job enters the queue, unless the queue is full or its Idempotency-Key is known.
-- KEYS: job, queued, running, idempotency ('' where none was given)
-- ARGV: id, client, limit, body digest, idempotency ttl (s), metadata, request
-- Returns {'admitted', created_ms} | {'known', id} | {'conflict'} | {'full', jobs in the queue}
local job, queued, running, idem = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
if idem ~= '' then
  local known = redis.call('HMGET', idem, 'id', 'body')
  if known[1] then
    if known[2] == ARGV[4] then
      redis.call('HINCRBY', idem, 'replays', 1)
      return {'known', known[1]}
    end
    return {'conflict'}
  end
end
local depth = redis.call('ZCARD', queued) + redis.call('ZCARD', running)
if depth >= tonumber(ARGV[3]) then return {'full', depth} end
local now = now_ms()
redis.call('HSET', job, 'state', 'queued', 'client', ARGV[2], 'metadata', ARGV[6], 'request', ARGV[7],
  'created_ms', now, 'attempts', 0, 'token', 0, 'done', 0, 'total', 0, 'version', 1)
redis.call('ZADD', queued, now, ARGV[1])
if idem ~= '' then
  redis.call('HSET', idem, 'id', ARGV[1], 'body', ARGV[4])
  redis.call('EXPIRE', idem, tonumber(ARGV[5]))
end
return {'admitted', now}
