#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "milter/store/redis_script.h"

/*
 * A record's numbers, and its check sum, for both scripts. The sum turns by a bit with each byte, so bytes that are eight apart
 * turn alike: three of them are one, in two halves of four.
 */
#define READ_RECORD                                                                                                      \
	"local bxor, band, left, right = bit.bxor, bit.band, bit.lshift, bit.rshift\n"                                   \
	"local function check(head, tail)\n"                                                                             \
	"  local a, b, c, d, e, f = struct.unpack('>I4I4I4I4I4I4', '\\0' .. head .. tail)\n"                             \
	"  local x, y = bxor(a, c, e), bxor(b, d, f)\n"                                                                  \
	"  local sum = bxor(left(right(x, 24), 7), left(band(right(x, 16), 255), 6), left(band(right(x, 8), 255), 5),\n" \
	"    left(band(x, 255), 4), left(right(y, 24), 3), left(band(right(y, 16), 255), 2),\n"                          \
	"    left(band(right(y, 8), 255), 1), band(y, 255))\n"                                                           \
	"  return bxor(band(sum, 255), right(sum, 8))\n"                                                                 \
	"end\n"                                                                                                          \
	"local function read(bytes)\n"                                                                                   \
	"  if not bytes or #bytes ~= 24 or bytes:byte(9) ~= check(bytes:sub(1, 8), bytes:sub(10)) then return nil end\n" \
	"  return struct.unpack('>BI7BI7I4I4', bytes)\n"                                                                 \
	"end\n"

/* Names and order are those of greylist.c and greylist_network.c. Numbers of Lua are exact up to 2^53: seconds and
 * 32-bit counts are far below. */
const char redis_script[] = READ_RECORD
    "local now, delay, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])\n"
    "local lifetime, auto_pass, auto_pass_network = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])\n"
    "local function unpack_record(bytes)\n"
    "  local version, first, sum, last, passed, asked = read(bytes)\n"
    "  if version ~= 1 and version ~= 2 then return nil end\n"
    "  if version == 1 and first + last + passed + asked == 0 then return nil end\n"
    "  return { first = first, last = last, passed = passed, asked = asked, let_pass = version == 2 }\n"
    "end\n"
    "local function pack_record(r)\n"
    "  local head = struct.pack('>BI7', r.let_pass and 2 or 1, r.first)\n"
    "  local tail = struct.pack('>I7I4I4', r.last, r.passed, r.asked)\n"
    "  return head .. string.char(check(head, tail)) .. tail\n"
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
    "local function keep(key, r, seconds) redis.call('SET', key, pack_record(r), 'EX', seconds + 1) end\n"
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
    "local bytes = pack_record(r)\n"
    "if write then\n"
    "  local seconds = lifetime\n"
    "  if r.passed == 0 then seconds = window - elapsed(r.first) end\n"
    "  redis.call('SET', KEYS[1], bytes, 'EX', seconds + 1)\n"
    "end\n"
    "return state .. ' ' .. wait .. ' ' .. bytes\n";

/* greylist_record_is_newer; what is no record counts as missing. */
const char redis_script_take[] = READ_RECORD
    "local function newer(new, old)\n"
    "  for i = 1, 4 do\n"
    "    if new[i] ~= old[i] then return new[i] > old[i] end\n"
    "  end\n"
    "  return false\n"
    "end\n"
    "local function numbers(version, first, sum, last, passed, asked) return version and { last, passed, asked, version } end\n"
    "local taken = 0\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local new, seconds, old = ARGV[i]:sub(1, 24), ARGV[i]:sub(25), redis.call('GET', key)\n"
    "  local there = numbers(read(old))\n"
    "  if not there or newer(numbers(struct.unpack('>BI7BI7I4I4', new)), there) then\n"
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
