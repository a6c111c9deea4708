-- An attempt tells those who listen of segments that it has translated, in the article's order.
-- ARGV: id, token, number of the first of them, segment, ...
-- Returns how many segments are told now; -1 when the token is not the job's any more
local id, token, number = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not holds(id, token) then return -1 end
local key = told_key(id)
local told = redis.call('LLEN', key)
-- What an earlier attempt has told stays; a gap is none of its business.
for place = math.max(number, told), number + #ARGV - 4 do
  if place > told then break end
  told = redis.call('RPUSH', key, ARGV[place - number + 4])
end
redis.call('EXPIRE', key, PARTIAL_S)
return told
