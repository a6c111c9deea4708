-- A page of a client's jobs, newest first. What has expired is taken off the list on the way.
-- ARGV: client, id of the last job of the page before ('' for the first page), state ('' for any), most jobs, most looked at,
--       the fields to read
-- Returns {id of the last job that was looked at ('' at the end of the list), {id, field, ...}, ...}; absent fields are false
local client, cursor, state, most, looks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local fields = {unpack(ARGV, 6)}
local list, answer = jobs_of_key(client), {''}
local from = cursor == '' and '+' or '(' .. cursor
while looks > 0 do
  local ids = redis.call('ZREVRANGEBYLEX', list, from, '-', 'LIMIT', 0, math.min(looks, 100))
  if #ids == 0 then
    answer[1] = ''
    return answer
  end
  for _, id in ipairs(ids) do
    local record = redis.call('HMGET', job_key(id), 'state', unpack(fields))
    if not record[1] then
      redis.call('ZREM', list, id)
    elseif state == '' or record[1] == state then
      if #answer > most then return answer end
      record[1] = id
      answer[#answer + 1] = record
    end
    answer[1] = id
  end
  looks = looks - #ids
  from = '(' .. ids[#ids]
end
return answer
