-- Queued jobs that a sweep saw without a message in the list. Those that the sweep before it saw so too are to be published.
-- ARGV: ms after which a second sight counts, ms after which the first is forgotten, then the ids
-- Returns the ids to publish
local patience, memory = tonumber(ARGV[1]), tonumber(ARGV[2])
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEY.unlisted, '-inf', '(' .. (now - memory))
local answer = {}
for i = 3, #ARGV do
  local id = ARGV[i]
  local record = redis.call('HMGET', job_key(id), 'state', 'lane')
  if not record[1] then
    redis.call('ZREM', KEY.queued, id)
  elseif record[1] == 'queued' and (record[2] or '') == '' then
    local first = redis.call('ZSCORE', KEY.unlisted, id)
    if not first then
      redis.call('ZADD', KEY.unlisted, now, id)
    elseif now - tonumber(first) >= patience then
      redis.call('ZREM', KEY.unlisted, id)
      answer[#answer + 1] = id
      count('republished')
    end
  end
end
return answer
