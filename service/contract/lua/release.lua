-- An attempt gives its job back unfinished: 'released' (a drain) charges nothing, 'crashed' charges the job, since the work
-- on it hung or broke the engine.
-- ARGV: id, token, outcome, retention (s)
-- Returns 'queued' | 'quarantined' | 'exhausted' | 'lost' (the token is not the job's any more)
local id, token, outcome, retention_s = unpack(ARGV)
if not holds(id, token) then return 'lost' end
return take_back(id, outcome, tonumber(retention_s), true)
