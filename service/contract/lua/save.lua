-- An attempt saves what it has translated since it last did.
-- ARGV: id, token, piece
-- Returns 1, or 0 when the token is not the job's any more
local id, token, piece = unpack(ARGV)
if not holds(id, token) then return 0 end
redis.call('RPUSH', partial_key(id), piece)
redis.call('EXPIRE', partial_key(id), PARTIAL_S)
return 1
