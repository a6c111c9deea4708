-- How the queue stands, and what has been counted.
-- Returns {jobs queued, of them for the quarantine lane, running, ms for which the oldest has been queued,
--   1 where new work meets OOM, else 0, {name, number, ...}}
local oldest = redis.call('ZRANGE', KEY.queued, 0, 0, 'WITHSCORES')[2]
return {
  redis.call('ZCARD', KEY.queued), redis.call('ZCARD', KEY.quarantined), redis.call('ZCARD', KEY.running),
  oldest and math.max(0, now_ms() - tonumber(oldest)) or 0, out_of_room() and 1 or 0, redis.call('HGETALL', KEY.counts),
}
