#!/usr/bin/python3
"""Compares two lists of callgrind_annotate: what more messages cost more, function by function.

usage: instructions.py FEW MANY DIFFERENCE TOP
"""
import re
import sys

LINE = re.compile(r"^ *([\d,]+) \([ \d.]+%\) +(.*)$")


def read(path):
    """Instructions of each function, and of each object."""
    costs = {}
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            found = LINE.match(line)
            if found:
                name = re.sub(r"^.*/(?=[^/]*:)|'\d+(?= |$)", "", found[2])
                costs[name] = costs.get(name, 0) + int(found[1].replace(",", ""))
    return costs


def main():
    few, many, messages = read(sys.argv[1]), read(sys.argv[2]), int(sys.argv[3])
    more = {name: (cost - few.get(name, 0)) / messages / 1000 for name, cost in many.items()}
    total = more.pop("PROGRAM TOTALS", 0)
    print(f"{total:>9.1f}  all")
    for name, cost in sorted(more.items(), key=lambda item: -item[1])[:int(sys.argv[4])]:
        print(f"{cost:>9.1f}  {name}")


if __name__ == "__main__":
    main()
