"""Random SPF records through greenlane and through Debian's python3-spf (pyspf), which shares no code with libspf2.

    t/spf_random.py PROGRAM [COUNT [SEED]]      PROGRAM is t/spf_suite; prints TAP, a test for each zone

Where the two differ RFC 7208 was asked, and the rest is kept out of what they judge (sections of the RFC):
  - 7.3: "if a DIGIT is specified, it MUST be nonzero" is a syntax error anywhere; pyspf sees it where it expands the macro.
  - 12: any name may be an unknown modifier's, also a mechanism's; pyspf takes it for the mechanism.
  - 6: redirect and exp may stand once; pyspf wants that of unknown modifiers, too.
  - 5.5: a DNS error makes ptr not match; pyspf ends with temperror.
  - 5.4: the order of the hosts of an mx is open, and so is whether one that matches comes before one that times out.
  - 5.2: what comes before an include of the record itself may still match; pyspf refuses the record at once.
  - 4.6.4: pyspf counts names of mx and ptr without an address as void look-ups, we those that a term asks for; the RFC says
    SHOULD, and leaves open what counts: both results are right.
"""

import contextlib
import io
import os
import random
import socket
import subprocess
import sys

sys.path[0] = os.path.join(os.path.dirname(os.path.abspath(__file__)), "suites")
try:
    import spf
    import spf_cases
except ImportError as absent:
    print("1..0 # SKIP %s is not installed" % absent.name)
    sys.exit(0)

# what pyspf is given in place of what it judges wrongly
EXPLAINED = [("%{d0}", "%{z}"), (" mx=", " x-mx=")]

NAMES = ["a.example", "b.example", "c.example", "d.example", "e.a.example"]
V4 = ["192.0.2.1", "192.0.2.77", "198.51.100.9", "203.0.113.200"]
V6 = ["2001:db8::1", "2001:db8:1::77"]


def random_name(rng):
    return rng.choice(NAMES + ["gone.example"] * (rng.random() < 0.3))


def random_spec(rng):
    """A domain-spec, sometimes with macros."""
    if rng.random() < 0.75:
        return random_name(rng)
    return rng.choice(["%{i}.x.", "%{ir}.x.", "%{l}.", "%{d2}.", "%{o1}.", "%{v}.", "%{h}.", "%{s}.", "%%.", "%{dr-}.", "%{l-}.", "%{}.",
                       "%{z}.", "%{d0}.", "%"]) + random_name(rng)


def random_term(rng):
    if rng.random() < 0.5:  # sound ones
        return rng.choice(["", "", "-", "~", "?"]) + rng.choice(["ip4:192.0.2.0/24", "ip6:2001:db8::/48", "a", "mx", "all", "a:" + random_name(rng),
                                                                "include:" + random_name(rng), "exists:%{l}." + random_name(rng)])
    kind = rng.choice(["ip4", "ip4", "ip4", "ip6", "a", "a", "a", "mx", "include", "include", "exists", "ptr", "all", "redirect", "odd", "exp"])
    sign = rng.choice(["", "", "", "+", "-", "~", "?"])
    length = rng.choice(["", "", "", "/24", "/32", "/0", "/33", "/016", "//64", "/24//64", "//129", "/"])
    if kind == "ip4":
        return sign + "ip4:" + rng.choice(V4 + ["192.0.2.0", "0.0.0.0", "192.0.2", "300.1.1.1"]) + rng.choice(["", "/24", "/32", "/0", "/33", "/"])
    if kind == "ip6":
        return sign + "ip6:" + rng.choice(V6 + ["2001:db8::", "::", "2001:db8"]) + rng.choice(["", "/32", "/64", "/128", "/0", "/129"])
    if kind in ("a", "mx"):
        return sign + kind + rng.choice(["", ":" + random_spec(rng)]) + length
    if kind in ("include", "exists"):
        return sign + kind + ":" + random_spec(rng)
    if kind == "ptr":
        return sign + "ptr" + rng.choice(["", ":" + random_name(rng)])
    if kind == "all":
        return sign + "all"
    if kind in ("redirect", "exp"):
        return kind + "=" + random_spec(rng)
    return rng.choice(["foo%d=bar" % rng.randrange(1000), "unknown", "a:", "include", "exists", "ip4", "all:x", "redirect:x", "A:a.example", "x-y.z=%{d}", "mx=", "-", "ptr:"])


def random_zone(rng):
    """Lines for greenlane, and the same for pyspf: {name: [(type, data)]}."""
    records = []
    timeouts = [name for name in NAMES + ["gone.example"] if rng.random() < 0.1]
    for name in NAMES:
        for _ in range(rng.choice([0, 1, 1, 1, 1, 1, 1, 2] if rng.random() < 0.5 else [1])):
            terms = [random_term(rng) for _ in range(rng.choice([0, 1, 2, 3, 4, 12 if rng.random() < 0.1 else 3]))]
            terms = [t for t in terms if not t.endswith("include:" + name) and not (timeouts and "ptr" in t)]
            version = rng.choice(["v=spf1"] * 30 + ["V=SPF1", "v=spf10", "v=spf2.0/pra"])
            records.append((name, "TXT", rng.choice([" ", " ", "  "]).join([version] + terms)))
        records += [(name, "A", rng.choice(V4)) for _ in range(rng.choice([0, 1, 2]))]
        records += [(name, "AAAA", rng.choice(V6)) for _ in range(rng.choice([0, 0, 1]))]
        records += [(name, "MX", (10 + i, random_name(rng))) for i in range(rng.choice([0, 0, 1, 1 if timeouts else 2]))]
    for address in V4 + V6:
        if rng.random() < 0.5:
            reverse = spf_cases.ipaddress.ip_address(address).reverse_pointer
            records.append((reverse, "PTR", random_name(rng)))
    return records, timeouts


def serve(records, timeouts):
    """pyspf's look-ups are answered from the zone."""
    zone = {}
    for owner, kind, data in records:
        zone.setdefault(owner.lower(), []).append((kind, data))

    def look_up(name, kind, strict=True, timeout=None):
        found = [(k, d) for k, d in zone.get(name.lower().rstrip("."), []) if k == kind]
        if not found and name.lower().rstrip(".") in timeouts:
            raise spf.TempError("DNS timeout")
        for _, data in found:
            if kind == "AAAA":
                data = socket.inet_pton(socket.AF_INET6, data)
            elif kind == "TXT":
                for theirs, ours in EXPLAINED:
                    data = data.replace(theirs, ours)
                data = (data.encode(),)
            yield (name, kind), data
    spf.DNSLookup = look_up


def scenario_make(rng, number, seed):
    records, timeouts = random_zone(rng)
    scenario = spf_cases.Scenario("zone %d of seed %d" % (number, seed))
    scenario.records, scenario.timeouts = records, timeouts
    serve(records, timeouts)
    for _ in range(4):
        client, sender, helo = rng.choice(V4 + V6), rng.choice(["user", "a-b.c"]) + "@" + rng.choice(NAMES), rng.choice(NAMES)
        scenario.cases.append(("%s %s" % (client, sender), client, helo, sender, by_pyspf(client, helo, sender)))
    return scenario


def by_pyspf(client, helo, sender):
    """Its result, and that without its count of void look-ups, which is the same mostly."""
    results = []
    for spf.MAX_VOID_LOOKUPS in (2, 1000):
        result = spf.query(i=client, s=sender, h=helo, strict=True, timeout=20).check()[0]
        results += [result] * (result not in results)
    return results


def main():
    program, count = sys.argv[1], int((sys.argv[2:] + ["300"])[0])
    seed = int((sys.argv[3:] + ["7208"])[0])
    rng = random.Random(seed)
    scenarios = [scenario_make(rng, number, seed) for number in range(count)]
    lines = io.StringIO()
    with contextlib.redirect_stdout(lines):
        spf_cases.print_flat("random", scenarios, ())
    run = subprocess.run([program], input=lines.getvalue(), capture_output=True, text=True, check=False)
    bad = [line for line in run.stdout.splitlines() if line.startswith(("not ok", "# got"))]
    print("\n".join("# " + line for line in bad[:20]))
    results = [case[4][0] for scenario in scenarios for case in scenario.cases]
    told = {word: results.count(word) for word in sorted(set(results))}
    good = run.stdout.count("\nok ") + run.stdout.startswith("ok ")
    print("# " + ", ".join("%s %d" % pair for pair in told.items()))
    print("%sok 1 - %d of %d cases are judged as by python3-spf (seed %d)" %
          ("" if good == len(results) else "not ", good, len(results), seed))
    enough = all(told.get(word, 0) >= len(results) // 100 for word in ("pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"))
    print("%sok 2 - each result is at least a hundredth of them" % ("" if enough else "not "))
    print("1..2")


main()
