-- A sender takes deliveries that are due. Each is its own until its lease ends; then it is due again by itself, so that a sender
-- that dies loses nothing.
-- ARGV: sender, lease (ms), most deliveries, the fields of the record to read
-- Returns {id, token, tries, now_ms, {secret, ...}, {field's value, ...}} for each
local sender, lease, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local fields = {unpack(ARGV, 4)}
local now, answer = now_ms(), {}
pass_maxmemory()
redis.call('ZADD', KEY.senders, now, sender)
redis.call('ZREMRANGEBYSCORE', KEY.senders, '-inf', now - 60000)

-- How many deliveries of a client are out, and how many of them to this receiver.
local function out(client, receiver)
  redis.call('ZREMRANGEBYSCORE', out_key(client), '-inf', now)
  local members, same = redis.call('ZRANGE', out_key(client), 0, -1), 0
  for _, member in ipairs(members) do
    if string.sub(member, 1, #receiver + 1) == receiver .. ' ' then same = same + 1 end
  end
  return #members, same
end

-- The secrets that sign a client's webhooks now; none where there are none.
local function secrets(client)
  local hook = redis.call('HMGET', KEY.hook .. client, 'secret', 'old')
  if not hook[1] then return {} end
  local found = {hook[1]}
  for _, old in ipairs(cjson.decode(hook[2] or '[]')) do
    if old[2] > now then found[#found + 1] = old[1] end
  end
  return found
end

-- A try that a sender has not ended: it died over it, or was cut off from Redis for the whole lease.
local function note_lost(job)
  local claimed = redis.call('HGET', job, 'callback_claimed_ms')
  if not claimed then return end
  log_callback(job, tonumber(claimed), 0, 'sender_lost', -1)
  count('deliveries lost')
end

local function take(id, lane, client, receiver)
  local job = job_key(id)
  note_lost(job)
  local token, tries = redis.call('HINCRBY', job, 'callback_token', 1), redis.call('HINCRBY', job, 'callback_tries', 1)
  redis.call('HSET', job, 'callback_claimed_ms', now, 'callback_due_ms', now + lease)
  redis.call('HINCRBY', job, 'version', 1)
  redis.call('ZADD', KEY.callbacks, now + lease, id)
  redis.call('ZADD', to_key(lane), now + lease, id)
  redis.call('ZADD', out_key(client), now + lease, receiver .. ' ' .. id)
  redis.call('PEXPIRE', out_key(client), 2 * lease)
  answer[#answer + 1] = {id, token, tries, now, secrets(client), redis.call('HMGET', job, unpack(fields))}
end

local looks = 4 * most + 50
while looks > 0 and #answer < most do
  local lane = redis.call('ZRANGEBYSCORE', KEY.lanes, '-inf', now, 'LIMIT', 0, 1)[1]
  if not lane then break end
  local client, receiver = string.match(lane, '^(%S+) (%S+)$')
  local all, same = out(client, receiver)
  if all >= OUT_CLIENT or same >= OUT_RECEIVER then
    -- It goes behind the others; whatever comes back sooner puts it forward again.
    redis.call('ZADD', KEY.lanes, now + PARKED_MS, lane)
  else
    local id = redis.call('ZRANGEBYSCORE', to_key(lane), '-inf', now, 'LIMIT', 0, 1)[1]
    if id and redis.call('HGET', job_key(id), 'callback_state') == 'pending' then
      take(id, lane, client, receiver)
    elseif id then
      unschedule(id, client, receiver)
    end
    place_lane(lane)
  end
  looks = looks - 1
end
return answer
