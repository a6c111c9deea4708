-- A new job enters the queue, unless the queue is full or its Idempotency-Key is known.
-- ARGV: id, client, limit, idempotency key ('' where none was given), body digest, its ttl (s), metadata, request, callback's URL
--       ('' where none is wanted), its receiver, line
-- Returns {'admitted', created_ms} | {'known', id} | {'conflict'} | {'unsigned'} (nothing to sign callbacks with) |
--   {'full', jobs queued and running, jobs that ended lately, over how many ms}. Raises OOM where memory runs short
local id, client, limit, idem, body, ttl, metadata, request, callback, receiver, line = unpack(ARGV)
if idem ~= '' then
  local known = redis.call('HMGET', idem, 'id', 'body')
  if known[1] then
    if known[2] == body then
      redis.call('HINCRBY', idem, 'replays', 1)
      return {'known', known[1]}
    end
    return {'conflict'}
  end
end
if callback ~= '' and redis.call('EXISTS', KEY.hook .. client) == 0 then return {'unsigned'} end
-- Messages of jobs that were cancelled wait for a worker too: who submits and cancels must not fill Redis with them.
if depth() >= tonumber(limit) or messages() >= 2 * limit + STALE_MESSAGES then
  return {'full', depth(), ended_lately()}
end
local short = out_of_room()
if short then return short end
local now = now_ms()
redis.call('HSET', job_key(id), 'state', 'queued', 'client', client, 'metadata', metadata, 'request', request,
  'line', line, 'created_ms', now, 'attempts', 0, 'token', 0, 'done', 0, 'total', 0, 'version', 1)
if callback ~= '' then redis.call('HSET', job_key(id), 'callback_url', callback, 'callback_receiver', receiver) end
redis.call('ZADD', KEY.queued, now, id)
local list = jobs_of_key(client)
redis.call('ZADD', list, 0, id)
redis.call('PERSIST', list)
-- Each new job takes the oldest two off the list, if they have expired: so the list never grows beyond what is kept.
for _, old in ipairs(redis.call('ZRANGE', list, 0, 1)) do
  if redis.call('EXISTS', job_key(old)) == 0 then redis.call('ZREM', list, old) end
end
if idem ~= '' then
  redis.call('HSET', idem, 'id', id, 'body', body)
  redis.call('EXPIRE', idem, tonumber(ttl))
end
count('admitted')
return {'admitted', now}
