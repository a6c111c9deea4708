-- Says that Redis answers, to whoever judges the silence of workers.
-- ARGV: gap (ms)
-- Returns since when it has answered without a gap (ms since 1970)
return pulse(tonumber(ARGV[1]))
