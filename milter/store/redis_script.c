#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "milter/store/redis_script.h"

/* Numbers as a record has them, and its check sum: for both scripts. */
#define READ_RECORD                                                                                                              \
	"local function take(bytes, from, size)\n"                                                                               \
	"  local value = 0\n"                                                                                                    \
	"  for i = from, from + size - 1 do value = value * 256 + bytes:byte(i) end\n"                                           \
	"  return value\n"                                                                                                       \
	"end\n"                                                                                                                  \
	"local function check(bytes)\n"                                                                                          \
	"  local sum = 0\n"                                                                                                      \
	"  for i = 1, 24 do\n"                                                                                                   \
	"    if i ~= 9 then sum = bit.bxor(bit.band(bit.bor(bit.lshift(sum, 1), bit.rshift(sum, 7)), 255), bytes:byte(i)) end\n" \
	"  end\n"                                                                                                                \
	"  return sum\n"                                                                                                         \
	"end\n"

/* Names and order are those of greylist.c and greylist_network.c. Numbers of Lua are exact up to 2^53: seconds and 32-bit counts are far below. */
const char redis_script[] = READ_RECORD
    "local now, delay, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local lifetime, auto_pass, auto_pass_network = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])\n"
    "local function put(value, size)\n"
    "  local bytes = ''\n"
    "  for i = 1, size do bytes = string.char(value % 256) .. bytes; value = math.floor(value / 256) end\n"
    "  return bytes\n"
    "end\n"
    "local function unpack_record(bytes)\n"
    "  if not bytes or #bytes ~= 24 or bytes:byte(9) ~= check(bytes) then return nil end\n"
    "  local version = bytes:byte(1)\n"
    "  if version ~= 1 and version ~= 2 then return nil end\n"
    "  local r = { first = take(bytes, 2, 7), last = take(bytes, 10, 7), passed = take(bytes, 17, 4), asked = take(bytes, 21, 4) }\n"
    "  r.let_pass = version == 2\n"
    "  if not r.let_pass and r.first + r.last + r.passed + r.asked == 0 then return nil end\n"
    "  return r\n"
    "end\n"
    "local function pack_record(r)\n"
    "  local head, tail = string.char(r.let_pass and 2 or 1) .. put(r.first, 7), put(r.last, 7) .. put(r.passed, 4) .. put(r.asked, 4)\n"
    "  return head .. string.char(check(head .. '\\0' .. tail)) .. tail\n"
    "end\n"
    "local function up(count) return math.min(count + 1, 4294967295) end\n"
    "local function elapsed(since) if now < since then return -1 end return now - since end\n"
    "local function waits(state, r, wait)\n"
    "  r.last = now; r.asked = up(r.asked)\n"
    "  return state, r, wait, true\n"
    "end\n"
    "local function passes(state, r, write)\n"
    "  if write then r.last = now; r.let_pass = false; r.passed = up(r.passed) end\n"
    "  return state, r, 0, write\n"
    "end\n"
    "local function anew() return waits('new', { first = now, last = 0, passed = 0, asked = 0, let_pass = false }, delay) end\n"
    "local function stranger(r)\n"
    "  local age = elapsed(r.first)\n"
    "  if age < 0 then r.first = now; age = 0 end\n"
    "  if age > window then return anew() end\n"
    "  if age < delay then return waits('early', r, delay - age) end\n"
    "  return passes('due', r, true)\n"
    "end\n"
    "local refresh = math.min(math.floor(lifetime / 2), 86400)\n"
    "local function known(r)\n"
    "  local idle = elapsed(r.last)\n"
    "  if idle > lifetime then return anew() end\n"
    "  if r.passed < auto_pass then return passes('known', r, true) end\n"
    "  return passes('free', r, idle < 0 or idle >= refresh)\n"
    "end\n"
    "local function decide(r)\n"
    "  if not r then return anew() end\n"
    "  if not r.let_pass then if r.passed == 0 then return stranger(r) end return known(r) end\n"
    "  if elapsed(r.last) > lifetime then return anew() end\n"
    "  return passes('due', r, true)\n"
    "end\n"
    "local function get(key) return unpack_record(redis.call('GET', key)) end\n"
    "local function keep(key, r, left) redis.call('SET', key, pack_record(r), 'EX', left + 1) end\n"
    "local found = get(KEYS[1])\n"
    "local let_pass = found and found.let_pass\n"
    "local state, r, wait, write = decide(found)\n"
    "local function pass(net)\n"
    "  local idle = elapsed(net.last)\n"
    "  state, wait, write = 'network', 0, false\n"
    "  if idle < 0 or idle >= refresh then net.last = now; keep(KEYS[2], net, lifetime) end\n"
    "end\n"
    "local function count(net)\n"
    "  local domain, age = get(KEYS[3]), 86400\n"
    "  if domain then age = elapsed(domain.last) end\n"
    "  if age < 0 or age >= 86400 then\n"
    "    keep(KEYS[3], { first = now, last = now, passed = 1, asked = 0, let_pass = false }, 86400)\n"
    "  end\n"
    "  if age < 86400 then return end\n"
    "  net = net or { first = now, passed = 0, asked = 0, let_pass = false }\n"
    "  net.last = now; net.passed = up(net.passed)\n"
    "  keep(KEYS[2], net, lifetime)\n"
    "end\n"
    "local function weigh_network()\n"
    "  local net, waiting = get(KEYS[2]), state == 'new' or state == 'early'\n"
    "  if net and elapsed(net.last) > lifetime then net = nil end\n"
    "  if waiting and net and net.passed >= auto_pass_network then pass(net) end\n"
    "  if state == 'due' and not let_pass then count(net) end\n"
    "end\n"
    "if #KEYS > 1 and auto_pass_network > 0 then weigh_network() end\n"
    "if write then\n"
    "  local left = lifetime\n"
    "  if r.passed == 0 then left = window - elapsed(r.first) end\n"
    "  keep(KEYS[1], r, left)\n"
    "end\n"
    "return { state, wait, pack_record(r) }\n";

/* greylist_record_is_newer; what is no record counts as missing. */
const char redis_script_take[] = READ_RECORD
    "local parts = { { 10, 7 }, { 17, 4 }, { 21, 4 }, { 1, 1 } }\n"
    "local function newer(new, old)\n"
    "  for _, part in ipairs(parts) do\n"
    "    local a, b = take(new, part[1], part[2]), take(old, part[1], part[2])\n"
    "    if a ~= b then return a > b end\n"
    "  end\n"
    "  return false\n"
    "end\n"
    "local taken = 0\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local new, seconds, old = ARGV[i]:sub(1, 24), ARGV[i]:sub(25), redis.call('GET', key)\n"
    "  local sound = old and #old == 24 and old:byte(9) == check(old)\n"
    "  if not sound or newer(new, old) then\n"
    "    redis.call('SET', key, new, 'EX', seconds)\n"
    "    taken = taken + 1\n"
    "  end\n"
    "end\n"
    "return taken\n";

const char redis_script_tell[] =
    "local hosts, own, begin, lines = KEYS[1], KEYS[2], ARGV[1], {}\n"
    "local most, longest = tonumber(ARGV[4]), tonumber(ARGV[5])\n"
    "local function number(...)\n"
    "  local reply = redis.pcall(...)\n"
    "  if type(reply) == 'number' then return reply end\n"
    "  return nil\n"
    "end\n"
    "redis.pcall('SET', own, ARGV[2], 'EX', ARGV[3])\n"
    "local many = number('SCARD', hosts)\n"
    "if not many or many > 4 * most then redis.pcall('DEL', hosts) end\n"
    "redis.pcall('SADD', hosts, own)\n"
    "redis.pcall('EXPIRE', hosts, 86400)\n"
    "local keys = redis.pcall('SMEMBERS', hosts)\n"
    "if keys.err then return lines end\n"
    "table.sort(keys)\n"
    "for _, key in ipairs(keys) do\n"
    "  local size = 0\n"
    "  if key:sub(1, #begin) == begin then size = number('STRLEN', key) or 0 end\n"
    "  if size == 0 then redis.pcall('SREM', hosts, key) end\n"
    "  if size > 0 and size <= longest and #lines < most then lines[#lines + 1] = redis.pcall('GET', key) end\n"
    "end\n"
    "return lines\n";

void
redis_script_name(char out[REDIS_SCRIPT_NAME])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	memset(digest, 0, sizeof digest); /* without SHA-1 Redis knows no such script, and is given its text */
	(void)EVP_Digest(redis_script, strlen(redis_script), digest, &length, EVP_sha1(), NULL);
	for (size_t i = 0; i < 20; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
