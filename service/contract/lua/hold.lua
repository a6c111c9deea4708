-- A lock that one of all processes has, for a while.
-- ARGV: which (the name of its key in KEY), holder, ms, '1' where its holder may hold it on
-- Returns 1 where it is the holder's from now on, else 0
local key, holder, ms, on = KEY[ARGV[1]], ARGV[2], ARGV[3], ARGV[4]
pass_maxmemory()
if redis.call('SET', key, holder, 'NX', 'PX', ms) then return 1 end
if on ~= '1' or redis.call('GET', key) ~= holder then return 0 end
return redis.call('PEXPIRE', key, ms)
