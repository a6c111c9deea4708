-- What a client's DELETE means: a job that still waits or runs is cancelled at once (its worker loses the token and drops
-- the work); a job that has ended is erased.
-- ARGV: id, client, retention (s)
-- Returns 'cancelled' | 'erased' | 'none' (no such job of this client)
local id, client, retention_s = unpack(ARGV)
local record = redis.call('HMGET', job_key(id), 'state', 'client')
if not record[1] or record[2] ~= client then return 'none' end
if ended(record[1]) then
  erase(id, client)
  return 'erased'
end
pass_maxmemory()
redis.call('HINCRBY', job_key(id), 'token', 1)
finish(id, 'cancelled', tonumber(retention_s))
return 'cancelled'
