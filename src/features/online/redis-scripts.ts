/**
 * What Redis does in one step. A table is a fixed number of hashes ("parts"), each with its rows as fields and, under the
 * empty name, a mark: `loading`, or the generation of the load whose rows are all there. Redis evicts, expires and
 * flushes whole keys, so a part that lost rows has lost its mark too: a row that is missing beside a mark was never there.
 */

/** KEYS: the part of each row that is asked for; ARGV: its field. Gives mark and row of each. */
export const READ = `
local found = {}
for i, part in ipairs(KEYS) do
  local pair = redis.call('HMGET', part, '', ARGV[i])
  found[2 * i - 1] = pair[1]
  found[2 * i] = pair[2]
end
return found`

/**
 * KEYS: the part of each row; ARGV: the generation that must be there at least, then field and row of each. A row takes
 * the place of one that is not newer by (event time, created). Gives how many parts were not there, and writes nothing then.
 */
export const WRITE_NEWER = `
local lost = 0
for _, part in ipairs(KEYS) do
  local mark = redis.call('HGET', part, '')
  if not mark or (mark ~= 'loading' and tonumber(mark) < tonumber(ARGV[1])) then lost = lost + 1 end
end
if lost > 0 then return lost end
for i, part in ipairs(KEYS) do
  local field, row = ARGV[2 * i], ARGV[2 * i + 1]
  local held = redis.call('HGET', part, field)
  local keep = false
  if held then
    local old, new = cjson.decode(held), cjson.decode(row)
    keep = old[1] > new[1] or (old[1] == new[1] and old[2] > new[2])
  end
  if not keep then redis.call('HSET', part, field, row) end
end
return 0`

/** KEYS: one part; ARGV: "event time created", then fields: those whose rows are older go. */
export const REMOVE_OLDER = `
for i = 2, #ARGV do
  local held = redis.call('HGET', KEYS[1], ARGV[i])
  if held then
    local row = cjson.decode(held)
    if row[1] .. ' ' .. row[2] < ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
  end
end
return 0`

/** KEYS: the part of each row; ARGV: its field and times: it goes when it has these times; a null stands for any. */
export const REMOVE_EQUAL = `
for i, part in ipairs(KEYS) do
  local field = ARGV[2 * i - 1]
  local held = redis.call('HGET', part, field)
  if held then
    local old, times = cjson.decode(held), cjson.decode(ARGV[2 * i])
    if old[1] == times[1] and (times[2] == cjson.null or old[2] == times[2]) then redis.call('HDEL', part, field) end
  end
end
return 0`

/** KEYS: all parts of a table. What they hold is not believed: they begin anew. */
export const BEGIN = `
for _, part in ipairs(KEYS) do
  redis.call('UNLINK', part)
  redis.call('HSET', part, '', 'loading')
end
return 0`

/** KEYS: all parts; ARGV: a generation. Gives how many do not hold all of it, or of a later one. */
export const COUNT_LOST = `
local lost = 0
for _, part in ipairs(KEYS) do
  local mark = redis.call('HGET', part, '')
  if not mark or mark == 'loading' or tonumber(mark) < tonumber(ARGV[1]) then lost = lost + 1 end
end
return lost`

/** KEYS: all parts; ARGV: the generation that is there from now on, when no part was lost since; gives how many were. */
export const COMPLETE = `
local lost = 0
for _, part in ipairs(KEYS) do
  if redis.call('HEXISTS', part, '') == 0 then lost = lost + 1 end
end
if lost > 0 then return lost end
for _, part in ipairs(KEYS) do redis.call('HSET', part, '', ARGV[1]) end
return 0`
