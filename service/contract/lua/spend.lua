-- Spends the quotas of an API key, all of them or none. A quota is the cell rate algorithm (GCRA): its field holds the time (ms)
-- at which it is whole again, and each unit puts that time off by 60000 / limit. It may lie at most a minute ahead.
-- ARGV: key id, then for each quota its name, its limit (units a minute) and the cost. A negative cost gives back; 0 looks.
-- Returns {1 (spent) or 0, then for each quota: units left, ms until it is whole, ms after which this cost could be spent}
local WINDOW = 60000
local key, now = KEY.quota .. ARGV[1], now_ms()
local spent, answer, wholes, last = 1, {1}, {}, now
for i = 2, #ARGV, 3 do
  local name, limit, cost = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local before = math.max(now, tonumber(redis.call('HGET', key, name) or 0))
  local after = math.max(now, before + cost * WINDOW / limit)
  -- Times are fractions of a ms: a hair over the window is no excess.
  local wait = math.ceil(after - now - WINDOW - 0.001)
  if cost > 0 and wait > 0 then spent = 0 else wait = 0 end
  wholes[#wholes + 1] = {name = name, limit = limit, before = before, after = after, wait = wait}
end
for _, quota in ipairs(wholes) do
  local whole = spent == 1 and quota.after or quota.before
  if spent == 1 and quota.after ~= quota.before then redis.call('HSET', key, quota.name, string.format('%.3f', whole)) end
  last = math.max(last, whole)
  answer[#answer + 1] = math.max(0, math.floor((WINDOW - (whole - now)) * quota.limit / WINDOW + 0.001))
  answer[#answer + 1] = math.ceil(whole - now)
  answer[#answer + 1] = quota.wait
end
answer[1] = spent
if spent == 1 and redis.call('EXISTS', key) == 1 then redis.call('PEXPIRE', key, math.ceil(last - now) + 1) end
return answer
