-- What a client's DELETE means: a job that still waits or runs is cancelled at once (its worker loses the token and drops
-- the work); a job that has ended is erased.
-- KEYS: job, queued, running
-- ARGV: id, client, retention (s), channel
-- Returns 'cancelled' | 'erased' | 'none' (no such job of this client)
local record = redis.call('HMGET', KEYS[1], 'state', 'client')
if not record[1] or record[2] ~= ARGV[2] then return 'none' end
if ended(record[1]) then
  redis.call('DEL', KEYS[1])
  return 'erased'
end
redis.call('HINCRBY', KEYS[1], 'token', 1)
finish(KEYS[1], KEYS[2], KEYS[3], ARGV[4], ARGV[1], 'cancelled', tonumber(ARGV[3]))
return 'cancelled'
