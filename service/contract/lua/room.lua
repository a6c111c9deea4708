-- How full the queue is, and how fast it empties.
-- Returns {jobs queued and running, jobs that ended lately, over how many ms}
return {depth(), ended_lately()}
