-- What is remembered of a client's sentences, for the attempt that asks.
-- ARGV: id, token, digest...
-- Returns an entry or nothing for each digest; nothing at all when the token is not the job's any more
local id, token = ARGV[1], ARGV[2]
if not holds(id, token) then return {} end
local client, names = redis.call('HGET', job_key(id), 'client'), {}
for n = 3, #ARGV do names[#names + 1] = sentence_key(client .. ':' .. ARGV[n]) end
return redis.call('MGET', unpack(names))
