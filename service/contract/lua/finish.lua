-- An attempt ends its job, if the job is still its own.
-- ARGV: id, token, state (succeeded | failed), error code, error detail, result, retention (s), segments, counts (JSON: what was
--       done, by name; '' for nothing)
-- Returns 1 when this attempt ended the job, else 0
local id, token, state, code, detail, result, retention_s, segments, counts = unpack(ARGV)
if not holds(id, token) then return 0 end
pass_maxmemory()
if state == 'succeeded' then
  redis.call('HSET', job_key(id), 'result', result, 'done', segments, 'total', segments)
else
  redis.call('HSET', job_key(id), 'error_code', code, 'error_detail', detail)
end
finish(id, state, tonumber(retention_s))
if counts ~= '' then
  for name, number in pairs(cjson.decode(counts)) do count('done ' .. name, number) end
end
return 1
