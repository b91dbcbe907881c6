#!/usr/bin/python3
"""What t/bench/flood sends, serves and counts.

usage: flood.py vendor | message | zone < KEY
       flood.py flood FOLDER COUNT              messages, each with five signatures of names that are silent or not there
       flood.py table LOG MESSAGES < RESULTS    1 when mail was not vouched for, or forged mail passed
"""
import email.utils
import json
import os
import re
import sys

RATIO_GOAL = 20  # the flood takes CPU, too; without bounds it is thousands

VENDOR = """vendor = { name = "vendor"; domains = [ "vendor.example" ]; vouch = [ "dkim+spf" ]; };
"""

MESSAGE = """From: Vendor Notices <notices@vendor.example>
To: helpdesk@rx.example
Subject: [T20261121.0042] A note was added to your ticket
Date: {date}
Message-ID: <20261121.0042@vendor.example>

A note was added to your ticket.
"""

SIGNATURE = """DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={d}; s={s}; h=from:subject;
	bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AbCdEfGhIjKlMnOpQrStUvWxYz0123456789
"""


def zone(key):
    print("$TTL 0\n. SOA ns.rx.example. hostmaster.rx.example. 1 3600 600 86400 0")
    print(". NS ns.rx.example.\nns.rx.example. A 127.0.0.1")
    print('bounces.vendor.example. TXT "v=spf1 include:spf.vendor.example -all"')
    print('spf.vendor.example. TXT "v=spf1 ip4:198.51.100.0/24 -all"')
    print('_dmarc.vendor.example. TXT "v=DMARC1; p=reject"')
    print("s1._domainkey.vendor.example. TXT", " ".join(f'"{key[i:i + 200]}"' for i in range(0, len(key), 200)))


def flood(folder, count):
    for n in range(count):
        forged = n % 2 == 1
        author = "notices@vendor.example" if forged else f"a@m{n}.test"
        with open(os.path.join(folder, f"{n:04}.eml"), "w", encoding="ascii") as f:
            for i in range(5):
                below = "vendor.example" if i == 0 else "gone.vendor.example"
                f.write(SIGNATURE.format(d=below if forged else f"k{n}-{i}.test", s=f"r{n}-{i}"))
            f.write(f"From: <{author}>\nSubject: notice {n}\n\nRead this.\n")


def outcomes(log):
    """Verdicts by who sent them: the vendor's own, or the flood; and what passed of the forgeries."""
    own, flood_by, forged_passed = {}, {}, 0
    with open(log, encoding="utf-8", errors="replace") as f:
        for line in f:
            found = re.search(r" outcome=(\S+) action=(\S+) vendor=(\S+) .* client=(\S+)", line)
            if not found:
                continue
            outcome, action, vendor, client = found.groups()
            to = own if client == "198.51.100.1" else flood_by
            to[outcome] = to.get(outcome, 0) + 1
            forged_passed += to is flood_by and vendor == "vendor" and action == "pass"
    return own, flood_by, forged_passed


def words(counts):
    return ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "none"


def table(log, messages):
    runs = {run["label"]: run for run in map(json.loads, sys.stdin)}
    own, flood_by, forged_passed = outcomes(log)
    print(f"{'':<10}{'the vendor waits, ms: p50':>28}{'p99':>10}{'longest':>10}{'memory, MiB':>14}")
    for label, run in runs.items():
        late = run["lat_ms"]
        print(f"{label:<10}{late['p50']:>28.1f}{late['p99']:>10.1f}{late['max']:>10.1f}{run['rss_kb_after'] / 1024:>14.1f}")
    ratio = runs["flooded"]["lat_ms"]["p50"] / runs["calm"]["lat_ms"]["p50"]
    print("the vendor's mail:", words(own))
    print("the flood:", words(flood_by))
    missed = 0
    for what, value, limit in (("messages of the vendor that are not vouched for", 2 * messages + 1 - own.get("vouched", 0), 0),
                               ("forgeries that passed", forged_passed, 0),
                               ("its median time, flooded to calm", ratio, RATIO_GOAL)):
        print(f"{what:<50}{value:>8.4g}   goal {limit:<4} {'reached' if value <= limit else 'MISSED'}")
        missed += value > limit and limit == 0  # counts decide, a time only informs
    return 1 if missed else 0


def main(arguments):
    command, *rest = arguments or [""]
    if command == "vendor":
        print(VENDOR, end="")
    elif command == "message":
        print(MESSAGE.format(date=email.utils.formatdate()), end="")
    elif command == "zone":
        zone(sys.stdin.read().strip())
    elif command == "flood":
        flood(rest[0], int(rest[1]))
    elif command == "table":
        return table(rest[0], int(rest[1]))
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
