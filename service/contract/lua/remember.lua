-- An attempt remembers sentences for its client's other jobs. They live no longer than the job's result, and go with it when
-- it is erased. Beyond the limit the oldest of all clients go.
-- ARGV: id, token, retention (s), limit, then digest and entry in turns
-- Returns how many were taken; 0 when the token is not the job's any more
local id, token, retention_s, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if not holds(id, token) then return 0 end
local client, now, mine = redis.call('HGET', job_key(id), 'client'), now_ms(), sentences_key(id)
for n = 5, #ARGV, 2 do
  local name = client .. ':' .. ARGV[n]
  redis.call('SET', sentence_key(name), ARGV[n + 1], 'EX', retention_s)
  redis.call('ZADD', KEY.sentences, now, name)
  redis.call('SADD', mine, name)
end
redis.call('EXPIRE', mine, retention_s + SENTENCES_S)
redis.call('ZREMRANGEBYSCORE', KEY.sentences, '-inf', now - retention_s * 1000)
local over = redis.call('ZCARD', KEY.sentences) - limit
if over > 0 then
  for _, name in ipairs(redis.call('ZRANGE', KEY.sentences, 0, over - 1)) do redis.call('UNLINK', sentence_key(name)) end
  redis.call('ZREMRANGEBYRANK', KEY.sentences, 0, over - 1)
end
return (#ARGV - 4) / 2
