-- Stands before every script of this folder.
--
-- The job record, HASH {prefix}job:{id}. Times are ms since 1970 by Redis's own clock.
--   state        queued | running | succeeded | failed | cancelled
--   client       whose job it is
--   metadata     JSON object of the client, or ''
--   created_ms   admission
--   started_ms   start of the current or last attempt
--   ended_ms     end; expires_ms: when Redis drops the record
--   attempts     attempts that were begun and not given back, counted at claim
--   token        fencing token: grows with every claim, cancel and release; only its holder may change a running job
--   worker       who holds the lease; lease_ms: until when
--   stage, done, total   progress of the current attempt, in segments
--   error_code, error_detail
--   request      zlib(JSON of the request); dropped at the end
--   result       zlib(JSON of the result); only when succeeded
--   version      grows with every visible change (ETag)
--
-- ZSET {prefix}jobs:queued   id by created_ms      every queued job, and no other
-- ZSET {prefix}jobs:running  id by lease_ms        every running job, and no other
-- Channel {prefix}ended      id of a job that has just ended

local function now_ms()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local function ended(state)
  return state == 'succeeded' or state == 'failed' or state == 'cancelled'
end

-- Puts a job into an end state: out of both sets, without the request, with an expiry, announced.
local function finish(job, queued, running, channel, id, state, retention_s)
  local now = now_ms()
  redis.call('ZREM', queued, id)
  redis.call('ZREM', running, id)
  redis.call('HDEL', job, 'request', 'lease_ms', 'worker')
  redis.call('HSET', job, 'state', state, 'ended_ms', now, 'expires_ms', now + retention_s * 1000)
  redis.call('HINCRBY', job, 'version', 1)
  redis.call('EXPIRE', job, retention_s)
  redis.call('PUBLISH', channel, id)
end
