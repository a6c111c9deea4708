-- When queued jobs are likely to end, by how many have ended since the one at the head of the queue came: all that time
-- there was more to do than could be done.
-- ARGV: id, ...
-- Returns for each the time in ms, or false where nothing is known
local now, answer = now_ms(), {}
local head = redis.call('ZRANGE', KEY.queued, 0, 0, 'WITHSCORES')[2]
local waited = head and now - tonumber(head) or 0
local ends, over = 0, 0
if waited >= MEASURED_MS then
  local current = math.floor(now / COUNTED_MS)
  local first = math.max(math.ceil((now - waited) / COUNTED_MS), current - COUNTED)
  for n = first, current do ends = ends + tonumber(redis.call('GET', KEY.ends .. n) or 0) end
  over = now - first * COUNTED_MS
end
local running = redis.call('ZCARD', KEY.running)
for i, id in ipairs(ARGV) do
  local rank = redis.call('ZRANK', KEY.queued, id)
  answer[i] = false
  if rank and ends > 0 and not redis.call('ZSCORE', KEY.quarantined, id) then
    answer[i] = math.floor(now + (running + rank + 1) * over / ends)
  end
end
return answer
