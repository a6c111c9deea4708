-- Stands before every script of this folder, behind the names of the keys (KEY, from keys.py) and the clock.
--
-- The job record, HASH {prefix}job:{id}. Times are ms since 1970 by Redis's own clock.
--   state        queued | running | succeeded | failed | cancelled
--   client       whose job it is
--   metadata     JSON object of the client, or ''
--   created_ms   admission
--   started_ms   start of the current or last attempt
--   ended_ms     end; expires_ms: when Redis drops the record
--   attempts     attempts that were begun and not given back, counted at claim
--   crashes      attempts that are charged with the death of their worker; deaths: those of them in the quarantine lane
--   lane         '' | 'quarantine': where the job runs next
--   history      JSON array of the last attempts that neither ended the job nor were given back, oldest first:
--                {attempt, token, worker, lane, started_ms, ended_ms, outcome: 'crashed' | 'dropped' (not charged),
--                certain: true where its own worker said so, or its process was seen to end}
--   token        fencing token: grows with every claim, cancel and loss; only its holder may change a running job
--   worker       who holds the lease; lease_ms: until when
--   stage, done, total   progress of the current attempt, in segments
--   progress_ms  when that was last written; paced_ms, paced_done: when its total was known first, and what was done by then
--   error_code, error_detail
--   request      zlib(JSON of the request); dropped at the end
--   result       the result as packing.py keeps it; only when succeeded
--   line         the line in which the job stood first, as the name of its list of messages
--   callback_url, callback_receiver   where the job's end is told, and that address's host:port; absent where nobody asked
--   callback_state    waiting (absent too) | pending | delivered | failed
--   callback_due_ms   when that is tried (again); while a sender has it, the end of the sender's lease
--   callback_token    fencing token of the deliveries: grows with every claim of a sender
--   callback_tries    claims since the job ended or somebody asked for another delivery; callback_claimed_ms: the last one, while
--                     it is open
--   callback_log      JSON array of the last tries, oldest first: [at_ms, status or 0, fault or '', took_ms or -1]
--   version      grows with every visible change (ETag)
--
-- HASH {prefix}hook:{client}       secret, created_ms, rotated_ms ('' until then), old (JSON array of {secret, until_ms}): what
--                                  a client's webhooks are signed with
-- ZSET {prefix}callbacks           id by callback_due_ms: every pending delivery, and no other; records may have expired
-- ZSET {prefix}callbacks:lanes     'client receiver' by when to look at it: a lane for each receiver of each client
-- ZSET {prefix}callbacks:to:{lane}    id by callback_due_ms: the deliveries of a lane
-- ZSET {prefix}callbacks:out:{client} 'receiver id' by the end of the sender's lease: those that senders have now
-- ZSET {prefix}callbacks:senders   senders by when they last asked for work
-- SET {prefix}job:{id}:sentences   the sentences that the job's result is remembered by, as client:digest
-- STRING {prefix}sentence:{client}:{digest}   a translated sentence, as worker/sentences.py keeps it
-- ZSET {prefix}sentences           client:digest by when it was remembered
-- HASH {prefix}counts              what /metrics counts, by names that metrics.py reads
-- LIST {prefix}job:{id}:told       the segments that listeners were told of, in the article's order, as JSON
-- STRING {prefix}job:{id}:heard    there while somebody listens
-- LIST {prefix}job:{id}:partial    what attempts have translated so far, in pieces that only workers read
-- HASH {prefix}batch:{id}          client, created_ms, metadata, items: a batch, as batches.py keeps it
-- ZSET {prefix}jobs:of:{client}   id, all with the score 0: the jobs of a client by age; some may have expired
-- ZSET {prefix}jobs:queued         id by created_ms      every queued job, and no other
-- ZSET {prefix}jobs:running        id by lease_ms        every running job, and no other
-- ZSET {prefix}jobs:quarantined    id by created_ms      the queued jobs of the quarantine lane; they have no message
-- ZSET {prefix}jobs:unlisted       id by ms              queued jobs that a sweep found without a message
-- HASH {prefix}pulse               last_ms, since_ms, server   when somebody last had an answer, since when without a gap,
--                                                              and from which start of Redis (its run_id)
-- STRING {prefix}ends:{n}          how many jobs ended in the 10 seconds of this number
-- Channel {prefix}ended            id of a job that has just ended

-- Charged crashes after which a job runs in the quarantine lane, and deaths there that end it.
local CRASHES_TO_QUARANTINE, DEATHS_TO_END = 2, 3

-- Entries of a job's history.
local HISTORY = 20

-- Seconds for which partial translations outlive the last word of the attempt that saved them.
local PARTIAL_S = 86400

-- Seconds after the end of a job in which listeners can still see what repairs have changed.
local TOLD_S = 60

-- Seconds for which it is known for longer than a result lives which sentences go with it.
local SENTENCES_S = 3600

-- Milliseconds in which ends are counted together, and for how many such times before this one.
local COUNTED_MS, COUNTED = 10000, 5

-- Milliseconds for which jobs must have waited before the number of ends in that time says something.
local MEASURED_MS = 15000

-- Seconds for which the list of a client's jobs outlives the last end of one, if results don't live longer.
local LIST_S = 604800

-- Upper ends of the classes that durations are counted in.
local CLASSES_MS = {100, 300, 1000, 3000, 10000, 30000, 60000, 180000, 600000, 1800000, 3600000, 21600000}

-- What tells the speed of an attempt.
local PACE = {'progress_ms', 'paced_ms', 'paced_done'}

-- Messages beyond twice the queue's limit that may wait for a worker.
local STALE_MESSAGES = 1000

-- Tries to deliver that a job remembers.
local CALLBACK_LOG = 20

-- Share of maxmemory up to which new work is taken. The rest is for what becomes of accepted work: messages, progress, results.
local FILL = 0.8

-- Deliveries that are out at once to one receiver of a client, and for one client.
local OUT_RECEIVER, OUT_CLIENT = 4, 16

-- Milliseconds after which a lane is looked at again that has as many deliveries out as it may.
local PARKED_MS = 500

local function job_key(id)
  return KEY.job .. id
end

local function partial_key(id)
  return KEY.job .. id .. ':partial'
end

local function told_key(id)
  return KEY.job .. id .. ':told'
end

local function heard_key(id)
  return KEY.job .. id .. ':heard'
end

local function sentences_key(id)
  return KEY.job .. id .. ':sentences'
end

local function sentence_key(name)
  return KEY.sentence .. name
end

local function jobs_of_key(client)
  return KEY.jobs_of .. client
end

local function lane_of(client, receiver)
  return client .. ' ' .. receiver
end

local function to_key(lane)
  return KEY.callbacks_to .. lane
end

local function out_key(client)
  return KEY.callbacks_out .. client
end

local function ended(state)
  return state == 'succeeded' or state == 'failed' or state == 'cancelled'
end

-- Lets a script pass where maxmemory is reached. Redis refuses one there only if its first write may take memory, and this is a
-- write that takes none and changes nothing. For what becomes of accepted work alone: it must come to an end, which frees memory.
local function pass_maxmemory()
  redis.call('ZREM', KEY.queued, '')
end

-- The error that new work meets where it would leave too little memory for what was accepted; nil where there is room, and where
-- Redis has no limit, evicts, or does not say.
local function out_of_room()
  local info = redis.pcall('INFO', 'memory')
  if type(info) ~= 'string' or not string.find(info, '\nmaxmemory_policy:noeviction', 1, true) then return nil end
  local used, most = string.match(info, '\nused_memory:(%d+)'), string.match(info, '\nmaxmemory:(%d+)')
  local uncounted = string.match(info, '\nmem_not_counted_for_evict:(%d+)') or 0
  if not used or not most or tonumber(most) == 0 or used - uncounted < FILL * most then return nil end
  return redis.error_reply('OOM new work leaves too little memory for what was accepted.')
end

-- Jobs queued and running.
local function depth()
  return redis.call('ZCARD', KEY.queued) + redis.call('ZCARD', KEY.running)
end

-- Messages that wait for a worker, in all lines.
local function messages()
  local sum = 0
  for _, line in ipairs(LINES) do sum = sum + redis.call('LLEN', line) end
  return sum
end

-- Returns how many jobs have ended in about the last minute, and how many ms that is.
local function ended_lately()
  local now = now_ms()
  local current, sum = math.floor(now / COUNTED_MS), 0
  for n = current - COUNTED, current do sum = sum + tonumber(redis.call('GET', KEY.ends .. n) or 0) end
  return sum, now - (current - COUNTED) * COUNTED_MS
end

-- Adds to what /metrics counts. Names hold nothing of a client's.
local function count(name, by)
  redis.call('HINCRBY', KEY.counts, name, by or 1)
end

-- Counts a duration: in the first class that it fits, and in the sum.
local function observe(name, ms)
  local class = 'more'
  for _, bound in ipairs(CLASSES_MS) do
    if ms <= bound then
      class = bound
      break
    end
  end
  count(name .. ' ' .. class)
  count(name .. ' sum', math.max(0, ms))
end

local function count_end(now)
  local key = KEY.ends .. math.floor(now / COUNTED_MS)
  redis.call('INCR', key)
  redis.call('PEXPIRE', key, (COUNTED + 2) * COUNTED_MS)
end

-- Puts a lane where its next delivery is due; off the list when it has none.
local function place_lane(lane)
  local first = redis.call('ZRANGE', to_key(lane), 0, 0, 'WITHSCORES')
  if first[2] then
    redis.call('ZADD', KEY.lanes, first[2], lane)
  else
    redis.call('ZREM', KEY.lanes, lane)
  end
end

-- A delivery is due at a time. Where no sender runs, what has certainly expired goes as new ones come.
local function schedule(id, client, receiver, due, retention_s)
  local lane, kept_s = lane_of(client, receiver), math.max(LIST_S, retention_s)
  redis.call('HSET', job_key(id), 'callback_state', 'pending', 'callback_due_ms', due)
  redis.call('ZADD', KEY.callbacks, due, id)
  redis.call('ZADD', to_key(lane), due, id)
  local stale = now_ms() - kept_s * 1000
  redis.call('ZREMRANGEBYSCORE', KEY.callbacks, '-inf', stale)
  for _, old in ipairs(redis.call('ZRANGEBYSCORE', KEY.lanes, '-inf', stale, 'LIMIT', 0, 2)) do
    redis.call('ZREMRANGEBYSCORE', to_key(old), '-inf', stale)
    place_lane(old)
  end
  place_lane(lane)
end

-- Nothing is delivered any more.
local function unschedule(id, client, receiver)
  local lane = lane_of(client, receiver)
  redis.call('ZREM', KEY.callbacks, id)
  redis.call('ZREM', to_key(lane), id)
  redis.call('ZREM', out_key(client), receiver .. ' ' .. id)
  place_lane(lane)
end

-- The same for a job that may have no callback.
local function forget_callback(id)
  local record = redis.call('HMGET', job_key(id), 'client', 'callback_receiver')
  if record[2] then unschedule(id, record[1], record[2]) end
end

-- Nothing is left of a job, nor of the sentences that its result is remembered by.
local function erase(id, client)
  for _, name in ipairs(redis.call('SMEMBERS', sentences_key(id))) do
    redis.call('UNLINK', sentence_key(name))
    redis.call('ZREM', KEY.sentences, name)
  end
  forget_callback(id)
  redis.call('DEL', job_key(id), partial_key(id), told_key(id), heard_key(id), sentences_key(id))
  redis.call('ZREM', jobs_of_key(client), id)
  for _, set in ipairs({KEY.queued, KEY.running, KEY.quarantined, KEY.unlisted}) do redis.call('ZREM', set, id) end
end

-- A try to deliver goes into the job's log.
local function log_callback(job, at, status, fault, took)
  local log = cjson.decode(redis.call('HGET', job, 'callback_log') or '[]')
  log[#log + 1] = {at, status, fault, took}
  while #log > CALLBACK_LOG do table.remove(log, 1) end
  redis.call('HSET', job, 'callback_log', cjson.encode(log))
  redis.call('HINCRBY', job, 'version', 1)
end

-- Puts a job into an end state: out of all sets, without request and partial translation, with an expiry, announced, its
-- callback due.
local function finish(id, state, retention_s)
  local now, job = now_ms(), job_key(id)
  redis.call('ZREM', KEY.queued, id)
  redis.call('ZREM', KEY.running, id)
  redis.call('ZREM', KEY.quarantined, id)
  redis.call('ZREM', KEY.unlisted, id)
  redis.call('HDEL', job, 'request', 'lease_ms', 'worker', unpack(PACE))
  redis.call('HSET', job, 'state', state, 'ended_ms', now, 'expires_ms', now + retention_s * 1000)
  redis.call('HINCRBY', job, 'version', 1)
  redis.call('EXPIRE', job, retention_s)
  redis.call('DEL', partial_key(id))
  redis.call('EXPIRE', told_key(id), TOLD_S)
  local owner = redis.call('HMGET', job, 'client', 'callback_receiver', 'error_code', 'created_ms', 'started_ms')
  redis.call('EXPIRE', jobs_of_key(owner[1]), math.max(LIST_S, retention_s))
  if owner[2] then schedule(id, owner[1], owner[2], now, retention_s) end
  count_end(now)
  count('ended ' .. state .. (state == 'failed' and ' ' .. (owner[3] or '') or ''))
  if state == 'succeeded' then
    observe('ran', now - tonumber(owner[5]))
    observe('took', now - tonumber(owner[4]))
  end
  redis.call('PUBLISH', KEY.ended, id)
end

-- Notes that Redis answers. Returns since when it has done so without a gap of more than `gap` ms. A new start of Redis is a
-- gap however short: one that dies of every long write, for want of room, can take the short ones of a pulse in between.
local function pulse(gap)
  pass_maxmemory()
  local now = now_ms()
  local server = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  local before = redis.call('HMGET', KEY.pulse, 'last_ms', 'since_ms', 'server')
  local last, since = tonumber(before[1] or 0), tonumber(before[2] or now)
  if now - last > gap or now < last or before[3] ~= server then since = now end
  redis.call('HSET', KEY.pulse, 'last_ms', now, 'since_ms', since, 'server', server)
  return since
end

local function note(job, record, outcome, certain)
  local history = record.history and cjson.decode(record.history) or {}
  history[#history + 1] = {
    attempt = tonumber(record.attempts), token = tonumber(record.token), worker = record.worker or '',
    lane = record.lane or '', started_ms = tonumber(record.started_ms), ended_ms = now_ms(), outcome = outcome,
    certain = certain,
  }
  while #history > HISTORY do table.remove(history, 1) end
  redis.call('HSET', job, 'history', cjson.encode(history))
end

-- Takes a running job off its worker, fences that attempt, and queues the job again.
-- outcome: 'crashed' charges the job, and may quarantine or end it; 'dropped' and 'released' charge nothing, and what was
-- released does not even count as an attempt. certain: true where the worker itself says so or was seen to end, or nil: others may
-- be wrong.
-- Returns 'queued' (it wants a message), 'quarantined' or 'exhausted'.
local function take_back(id, outcome, retention_s, certain)
  local job = job_key(id)
  local names = {'attempts', 'token', 'worker', 'lane', 'started_ms', 'created_ms', 'history'}
  local values, record = redis.call('HMGET', job, unpack(names)), {}
  for i, name in ipairs(names) do record[name] = values[i] end
  local lane = record.lane or ''
  pass_maxmemory()
  redis.call('HINCRBY', job, 'token', 1)
  count('attempts ' .. outcome)
  if outcome == 'released' then
    redis.call('HINCRBY', job, 'attempts', -1)
  else
    note(job, record, outcome, certain)
  end
  if outcome == 'crashed' then
    local crashes = redis.call('HINCRBY', job, 'crashes', 1)
    if lane == 'quarantine' then
      local deaths = redis.call('HINCRBY', job, 'deaths', 1)
      if deaths >= DEATHS_TO_END then
        redis.call('HSET', job, 'error_code', 'attempts_exhausted', 'error_detail',
          'The job ended its worker ' .. crashes .. ' times, the last ' .. deaths .. ' of them while it ran alone.')
        finish(id, 'failed', retention_s)
        return 'exhausted'
      end
    elseif crashes >= CRASHES_TO_QUARANTINE then
      lane = 'quarantine'
      redis.call('HSET', job, 'lane', lane)
    end
  end
  redis.call('HINCRBY', job, 'version', 1)
  redis.call('HSET', job, 'state', 'queued', 'done', 0, 'total', 0)
  redis.call('HDEL', job, 'worker', 'lease_ms', 'stage', 'started_ms', unpack(PACE))
  redis.call('ZREM', KEY.running, id)
  redis.call('ZADD', KEY.queued, tonumber(record.created_ms), id)
  if lane == 'quarantine' then
    redis.call('ZADD', KEY.quarantined, tonumber(record.created_ms), id)
    return 'quarantined'
  end
  return 'queued'
end

-- Whether the attempt with this token still has the job.
local function holds(id, token)
  local record = redis.call('HMGET', job_key(id), 'token', 'state')
  return record[1] == token and record[2] == 'running'
end
