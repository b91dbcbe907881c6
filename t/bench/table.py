#!/usr/bin/python3
"""Makes t/bench/run's results into a table.

usage: table.py MESSAGES < RESULTS

Lines of RESULTS are "load NAME ROUND JSON" (milterload's report), "many NAME ROUND JSON" (the same with 300 connections), and
"rss NAME start|end|later KIB", where "later" is after MESSAGES more.
"""
import json
import statistics
import sys

# greenlaned's cost of a message divided by another's: what we promised.
GOALS = {"noop": 0.40, "opendkim": 0.20, "rspamd": 0.55}
STACK = ("policyd-spf", "opendkim", "postgrey")
STACK_GOAL = 0.06
P99_GOAL = 0.60
MANY_GOAL = 0.40
RSS_GOAL = 12 * 1024
GROWTH_GOAL, GROWTH_MESSAGES = 256, 100000 # KiB; over fewer messages it still fills its caches
# What must cost a message next to nothing.
VARIANTS = {
    "own-names": "own names in force / none",
    "vendors": "4,096 vendors, 1,000,000 networks / one",
    "idle": "500 idle connections beside / none",
}
VARIANT_GOAL = 1.05
SHADOW_GOAL = 1.15


def read(lines):
    loads, many, rss = {}, {}, {}
    for line in lines:
        kind, name, key, rest = line.split(" ", 3) if not line.startswith("rss") else (*line.split(), None)[:4]
        if kind == "rss":
            rss.setdefault(name, {})[key] = int(line.split()[3])
        else:
            (loads if kind == "load" else many).setdefault(name, {})[int(key)] = json.loads(rest)
    return loads, many, rss


def cpu(load):
    return load["server_cpu_ms_per_msg"] * 1000


def p99(load):
    return load["lat_ms"]["p99"]


def ratio(loads, name, others, what=cpu):
    """The median over the rounds that all have of what `name` cost divided by what `others` cost together in the same one."""
    rounds = [r for r in loads[name] if all(r in loads[o] for o in others)]
    return statistics.median(what(loads[name][r]) / sum(what(loads[o][r]) for o in others) for r in rounds)


def median(loads, key):
    return statistics.median(key(load) for load in loads.values())


def spread(loads):
    """Of the middle half of the rounds: one that another program disturbed does not count."""
    first, middle, third = statistics.quantiles([cpu(load) for load in loads.values()])
    return (third - first) / middle * 100


def row(name, loads, rss):
    mine = loads[name]
    memory = "".join(f"{rss[name][key] / 1024:>11.1f}" for key in ("start", "end")) if name in rss else ""
    return (f"{name:<12}{median(mine, cpu):>10.0f}{ratio(loads, name, ['noop']):>9.2f}"
            f"{median(mine, lambda m: m['lat_ms']['p50']):>9.2f}{median(mine, p99):>9.2f}"
            f"{median(mine, lambda m: m['msgs_per_s']):>9.0f}{spread(mine):>9.0f}{memory}")


def table(title, loads, rss):
    print(f"{title}\n")
    print(f"{'':<12}{'CPU us':>10}{'x no-op':>9}{'p50 ms':>9}{'p99 ms':>9}{'msg/s':>9}{'spread':>9}"
          f"{'RSS start':>11}{'RSS after':>11}")
    print(f"{'':<12}{'/message':>10}{'(paired)':>9}{'':>9}{'':>9}{'':>9}{'%':>9}{'MiB':>11}{'MiB':>11}")
    for name in loads:
        print(row(name, loads, rss))
    print()


def goal(what, value, limit):
    print(f"{what:<68}{value:>7.2f}   goal {limit:<5} {'reached' if value <= limit else 'MISSED'}")


def say_goals(loads, many, rss):
    for peer, limit in GOALS.items():
        if peer in loads:
            goal(f"greenlaned / {peer}, CPU of a message", ratio(loads, "greenlaned", [peer]), limit)
    if all(name in loads for name in STACK):
        goal(f"greenlaned / ({' + '.join(STACK)}), CPU of a message", ratio(loads, "greenlaned", STACK), STACK_GOAL)
    goal("greenlaned / noop, p99", ratio(loads, "greenlaned", ["noop"], p99), P99_GOAL)
    if many:
        goal("greenlaned / noop, CPU of a message, 300 connections", ratio(many, "greenlaned", ["noop"]), MANY_GOAL)
    for name, what in VARIANTS.items():
        if name in loads:
            goal(f"{what}, CPU of a message", ratio(loads, name, ["greenlaned"]), VARIANT_GOAL)
    if "shadow" in loads:
        goal("a draft judged beside / none, CPU of a message", ratio(loads, "shadow", ["greenlaned"]), SHADOW_GOAL)
    for name, what in {"records": "a record file / none", "other": "the other greenlaned / this one"}.items():
        if name in loads:
            print(f"{what + ', CPU of a message':<68}{ratio(loads, name, ['greenlaned']):>7.2f}")
    goal("greenlaned, MiB at start", rss["greenlaned"]["start"] / 1024, RSS_GOAL / 1024)
    grown, what = rss["greenlaned"]["later"] - rss["greenlaned"]["end"], f"KiB grown in {int(sys.argv[1]):,} messages more"
    if int(sys.argv[1]) >= GROWTH_MESSAGES:
        goal(f"greenlaned, {what}", grown, GROWTH_GOAL)
    else:
        print(f"{'greenlaned, ' + what:<68}{grown:>7}")


def main():
    loads, many, rss = read(sys.stdin)
    count = f"{len(loads['noop'])} rounds of {loads['noop'][1]['messages']}; medians"
    table(f"1 KiB signed vendor message, 10 connections, 1 message each; {count}", loads, rss)
    if many:
        table(f"the same, 300 connections; rounds of {many['noop'][1]['messages']}", many, {})
    say_goals(loads, many, rss)


if __name__ == "__main__":
    main()
