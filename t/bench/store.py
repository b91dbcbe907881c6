#!/usr/bin/python3
"""Makes t/bench/store's results into tables.

usage: store.py TUPLES MESSAGES < RESULTS

Lines of RESULTS: "way NAME ROUND PER-SECOND CPU REDIS-CPU" (store_load's two figures, and Redis' CPU in microseconds for all),
"new|known|vendor SERVER ROUND JSON" (milterload's report), "redis-new|... SERVER ROUND CPU".
"""
import collections
import json
import statistics
import sys

GOAL = 1.15  # a message through a greylist in Redis / in LMDB, greenlaned's CPU
KINDS = {"new": "a stranger's, new", "known": "a stranger's, known", "vendor": "a vendor's"}
TWO = {"redis-unix": "two-unix", "redis-tcp": "two-tcp"}


def read(lines, tuples, messages):
    """figures[kind][name][round]: (tuples a second, CPU of who asks, CPU of Redis), the CPU in microseconds for one."""
    figures = collections.defaultdict(lambda: collections.defaultdict(dict))
    for line in lines:
        kind, name, key, rest = line.split(" ", 3)
        if kind == "way":
            speed, cpu, redis = (float(word) for word in rest.split())
            figures[kind][name][key] = (speed, cpu, redis / (2 * tuples))
        elif kind.startswith("redis-"):
            figures[kind[6:]][name][key] += (float(rest) / messages,)
        else:
            report = json.loads(rest)
            figures[kind][name][key] = (report["msgs_per_s"], report["server_cpu_ms_per_msg"] * 1000)
    return figures


def median(rounds, what):
    return statistics.median(what(figure) for figure in rounds.values())


def ratio(figures, name, other, what):
    rounds = [key for key in figures[name] if key in figures[other]]
    return statistics.median(what(figures[name][key]) / what(figures[other][key]) for key in rounds)


def speed(figure):
    return figure[0]


def own(figure):
    return figure[1]


def both(figure):
    return figure[1] + figure[2]


def table(title, figures, unit):
    print(f"{title}\n\n{'':<12}{unit + '/s':>12}{'CPU us':>10}{'of Redis':>10}{'both':>8}")
    for name, rounds in figures.items():
        redis = median(rounds, both) - median(rounds, own) if name != "lmdb" else 0
        print(f"{name:<12}{median(rounds, speed):>12.0f}{median(rounds, own):>10.1f}{redis:>10.1f}"
              f"{median(rounds, own) + redis:>8.1f}")
    print()


def all_kinds(figures, name):
    """CPU of a message of each kind, together, by rounds."""
    return {key: sum(own(figures[kind][name][key]) for kind in KINDS) for key in figures["new"][name]}


def say(what, value, goal=None):
    verdict = "" if goal is None else f"   goal {goal:<5} {'reached' if value <= goal else 'MISSED'}"
    print(f"{what:<76}{value:>7.2f}{verdict}")


def main():
    tuples, messages = int(sys.argv[1]), int(sys.argv[2])
    figures = read(sys.stdin, tuples, messages)
    ways = figures["way"]
    table(f"the stores alone, ten threads; {len(ways['lmdb'])} rounds of {2 * tuples} decisions; medians", ways, "tuples")
    for name, two in TWO.items():
        say(f"{name}: one script / two reads and two writes, tuples a second", ratio(ways, name, two, speed))
        say(f"{name}: the same, CPU of a tuple, Redis' with it", ratio(ways, name, two, both))
    say("redis-unix / lmdb, tuples a second", ratio(ways, "redis-unix", "lmdb", speed))
    print()
    for kind, what in KINDS.items():
        rounds = figures[kind]
        table(f"a message, {what}; {len(rounds['lmdb'])} rounds of {messages}; medians", rounds, "messages")
        for name in TWO:
            say(f"{name} / lmdb, greenlaned's CPU, {what}", ratio(rounds, name, "lmdb", own), GOAL)
            say(f"{name}, microseconds more", statistics.median(own(rounds[name][key]) - own(rounds["lmdb"][key]) for key in rounds[name]))
        print()
    lmdb = all_kinds(figures, "lmdb")
    for name in TWO:
        parts = [spent / lmdb[key] for key, spent in all_kinds(figures, name).items()]
        say(f"{name} / lmdb, greenlaned's CPU, a message of each kind", statistics.median(parts))


if __name__ == "__main__":
    main()
