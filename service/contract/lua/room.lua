-- How full the queue is, how fast it empties, and whether memory runs short.
-- Returns {jobs queued and running, jobs that ended lately, over how many ms, 1 where new work meets OOM, else 0}
local ends, over = ended_lately()
return {depth(), ends, over, out_of_room() and 1 or 0}
