-- A client gets a new webhook secret. The one before signs beside it for a while, and so do those before that whose while is not
-- over.
-- ARGV: client, secret, for how many ms the one before signs too, how many of those are kept
-- Returns {created_ms, rotated_ms, ms until which an older secret signs too}; the last two are 0 for a client's first secret
local client, secret, overlap, most = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local key, now = KEY.hook .. client, now_ms()
local before = redis.call('HMGET', key, 'secret', 'created_ms', 'old')
if not before[1] then
  redis.call('HSET', key, 'secret', secret, 'created_ms', now, 'rotated_ms', '')
  return {now, 0, 0}
end
local old = {{before[1], now + overlap}}
for _, entry in ipairs(cjson.decode(before[3] or '[]')) do
  if entry[2] > now and #old < most then old[#old + 1] = entry end
end
redis.call('HSET', key, 'secret', secret, 'rotated_ms', now, 'old', cjson.encode(old))
return {tonumber(before[2]), now, now + overlap}
