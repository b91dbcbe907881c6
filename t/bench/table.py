#!/usr/bin/python3
"""Makes t/bench/run's results into a table.

usage: table.py MESSAGES < RESULTS

Lines of RESULTS are "load NAME ROUND JSON" (milterload's report) and "rss NAME start|end|later KIB", where
"end" is after MESSAGES and "later" after a quarter more.
"""
import json
import statistics
import sys

# greenlaned's cost divided by a peer's: what we promised.
GOALS = {"noop": 1.0, "opendkim": 0.35, "rspamd": 0.40}
RSS_GOAL = 12 * 1024
OWN_GOAL = 1.05 # protecting our own names costs other mail next to nothing


def read(lines):
    loads, rss = {}, {}
    for line in lines:
        kind, name, key, rest = line.split(" ", 3) if line.startswith("load") else (*line.split(), None)[:4]
        if kind == "load":
            loads.setdefault(name, {})[int(key)] = json.loads(rest)
        else:
            rss.setdefault(name, {})[key] = int(rest)
    return loads, rss


def cpu(load):
    return load["server_cpu_ms_per_msg"] * 1000


def ratio(loads, name, other):
    """The median over the rounds of what `name` cost divided by what `other` cost in the same round."""
    return statistics.median(cpu(loads[name][r]) / cpu(loads[other][r]) for r in loads[name] if r in loads[other])


def median(loads, key):
    return statistics.median(key(load) for load in loads.values())


def spread(loads):
    costs = [cpu(load) for load in loads.values()]
    return (max(costs) - min(costs)) / statistics.median(costs) * 100


def row(name, loads, rss):
    mine = loads[name]
    return (f"{name:<12}{median(mine, cpu):>10.0f}{ratio(loads, name, 'noop'):>9.2f}"
            f"{median(mine, lambda m: m['lat_ms']['p50']):>9.2f}{median(mine, lambda m: m['lat_ms']['p99']):>9.2f}"
            f"{median(mine, lambda m: m['msgs_per_s']):>9.0f}{spread(mine):>9.0f}"
            f"{rss[name]['start'] / 1024:>11.1f}{rss[name]['end'] / 1024:>11.1f}")


def goal(what, value, limit):
    return f"{what:<44}{value:>7.2f}   goal {limit:<5} {'reached' if value <= limit else 'MISSED'}"


def main():
    loads, rss = read(sys.stdin)
    rounds = len(loads["noop"])
    messages = loads["noop"][1]["messages"]
    print(f"1 KiB signed vendor message, 10 connections, 1 message each; {rounds} rounds of {messages}; medians\n")
    print(f"{'':<12}{'CPU us':>10}{'x no-op':>9}{'p50 ms':>9}{'p99 ms':>9}{'msg/s':>9}{'spread':>9}"
          f"{'RSS start':>11}{'RSS after':>11}")
    print(f"{'':<12}{'/message':>10}{'(paired)':>9}{'':>9}{'':>9}{'':>9}{'%':>9}{'MiB':>11}{sys.argv[1] + ', MiB':>11}")
    for name in loads:
        print(row(name, loads, rss))
    print()
    for peer, limit in GOALS.items():
        if peer in loads:
            print(goal(f"greenlaned / {peer}, CPU of a message", ratio(loads, "greenlaned", peer), limit))
    if "other" in loads:
        print(f"{'greenlaned / the other one, CPU of a message':<44}{ratio(loads, 'greenlaned', 'other'):>7.2f}")
    print(goal("own names in force / none, CPU of a message", ratio(loads, "own-names", "greenlaned"), OWN_GOAL))
    print(goal("greenlaned, MiB at start", rss["greenlaned"]["start"] / 1024, RSS_GOAL / 1024))
    print(f"{'greenlaned, KiB grown in a quarter more':<44}"
          f"{rss['greenlaned']['later'] - rss['greenlaned']['end']:>7}")


if __name__ == "__main__":
    main()
