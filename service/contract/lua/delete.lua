-- What a client's DELETE means: a job that still waits or runs is cancelled at once (its worker loses the token and drops
-- the work); a job that has ended is erased.
-- ARGV: id, client, retention (s)
-- Returns 'cancelled' | 'erased' | 'none' (no such job of this client)
local id, client, retention_s = unpack(ARGV)
local record = redis.call('HMGET', job_key(id), 'state', 'client')
if not record[1] or record[2] ~= client then return 'none' end
if ended(record[1]) then
  for _, name in ipairs(redis.call('SMEMBERS', sentences_key(id))) do
    redis.call('UNLINK', sentence_key(name))
    redis.call('ZREM', KEY.sentences, name)
  end
  forget_callback(id)
  redis.call('DEL', job_key(id), sentences_key(id), told_key(id))
  redis.call('ZREM', jobs_of_key(client), id)
  return 'erased'
end
pass_maxmemory()
redis.call('HINCRBY', job_key(id), 'token', 1)
finish(id, 'cancelled', tonumber(retention_s))
return 'cancelled'
