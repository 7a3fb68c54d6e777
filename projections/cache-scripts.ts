import { RUN_COMMANDS } from "../store/redis.ts";

/**
 * Which of the members, that a thing's parts are named after, the caller has not named: a script touches no key that it was not
 * given. ARGV: the sequence, s, the number of the key with the members or nothing, how many are named, and those.
 */
const UNNAMED = `
local named, unnamed = {}, {}
for i = 5, 4 + ARGV[4] do named[ARGV[i]] = true end
if ARGV[3] ~= '' then
  for _, member in ipairs(redis.call('SMEMBERS', KEYS[tonumber(ARGV[3])])) do
    if not named[member] then unnamed[#unnamed + 1] = member end
  end
end`;

/**
 * Fills a thing's keys. Answers 1, 0 if it has been deleted for a newer event than the rows that were read, or the members that are to be
 * named as well. KEYS: the fence, then what is filled, then parts that go. ARGV: the rows' sequence, the ttl, …, then commands.
 */
export const FILL = `
if tonumber(redis.call('GET', KEYS[1]) or '0') > tonumber(ARGV[1]) then return 0 end
${UNNAMED}
if #unnamed > 0 then return unnamed end
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
local at = 5 + ARGV[4]
${RUN_COMMANDS}
for i = 2, #KEYS do if redis.call('TTL', KEYS[i]) == -1 then redis.call('EXPIRE', KEYS[i], ARGV[2]) end end
return 1`;

/**
 * Deletes a thing. Answers 1, or the members that are to be named as well: then their set is there still, and nothing else of it
 * that is read. KEYS: the fence, then what is deleted. ARGV: the sequence of the event for which it is, the fence's s, ….
 */
export const DELETE = `
local fence = tonumber(redis.call('GET', KEYS[1]) or '0')
if tonumber(ARGV[1]) > fence then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) end
${UNNAMED}
for i = 2, #KEYS do if #unnamed == 0 or i ~= tonumber(ARGV[3]) then redis.call('UNLINK', KEYS[i]) end end
if #unnamed > 0 then return unnamed end
return 1`;

/**
 * Says up to where the deletions for a read model have been done. Answers 0 if those before have not been.
 * KEYS: the cache's state. ARGV: the read model, the position from which on they are these, the one up to which.
 */
export const TELL = `
local told = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '-1')
if told < tonumber(ARGV[2]) then return 0 end
if told < tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1`;

/** Begins a generation. Answers 0 if another one has begun meanwhile. KEYS: the cache's state. ARGV: the id of the last one, then fields. */
export const BEGIN = `
if (redis.call('HGET', KEYS[1], 'id') or '') ~= ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1`;
