-- How full the queue is, and how fast it empties.
-- Returns {jobs queued and running, jobs that ended lately, over how many ms}. Raises OOM where memory runs short
local short = out_of_room()
if short then return short end
return {depth(), ended_lately()}
