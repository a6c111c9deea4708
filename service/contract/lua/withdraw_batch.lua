-- Undoes a batch's record whose client is told that it failed. Leaves it alone where its Idempotency-Key has led another
-- submission to it, since that one has its answer.
-- ARGV: id, idempotency key ('' where none was given)
-- Returns 'withdrawn' | 'none' | 'in use'
local id, idem = unpack(ARGV)
local ours = false
if idem ~= '' then
  local known = redis.call('HMGET', idem, 'id', 'replays')
  ours = known[1] == id
  if ours and known[2] then return 'in use' end
end
local removed = redis.call('DEL', KEY.batch .. id)
if ours then removed = removed + redis.call('DEL', idem) end
return removed > 0 and 'withdrawn' or 'none'
