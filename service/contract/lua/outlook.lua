-- When queued jobs are likely to end, by how many have ended since the one at the head of the queue came: all that time
-- there was more to do than could be done. The lines have turns: of every other one as many jobs come first as of its own, and
-- one more.
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
local lengths = {}
for _, line in ipairs(LINES) do lengths[line] = redis.call('LLEN', line) end

-- How many jobs are likely to come before one that stands in this line, if so many are older.
local function ahead_of(line, older)
  local own = math.min(older, math.max(0, (lengths[line] or 0) - 1))
  local sum = own
  for name, length in pairs(lengths) do
    if name ~= line then sum = sum + math.min(length, own + 1) end
  end
  return sum
end

for i, id in ipairs(ARGV) do
  local rank = redis.call('ZRANK', KEY.queued, id)
  answer[i] = false
  if rank and ends > 0 and not redis.call('ZSCORE', KEY.quarantined, id) then
    local ahead = ahead_of(redis.call('HGET', job_key(id), 'line'), rank)
    answer[i] = math.floor(now + (running + ahead + 1) * over / ends)
  end
end
return answer
