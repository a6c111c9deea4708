-- How deliveries stand. One that a sender has is not due before its lease ends.
-- ARGV: ms within which a sender must have asked for work to count
-- Returns {due, ms for which the first of them has been, senders}
local now = now_ms()
local first = redis.call('ZRANGE', KEY.callbacks, 0, 0, 'WITHSCORES')[2]
return {
  redis.call('ZCOUNT', KEY.callbacks, '-inf', now),
  first and math.max(0, now - tonumber(first)) or 0,
  redis.call('ZCOUNT', KEY.senders, now - tonumber(ARGV[1]), '+inf'),
}
