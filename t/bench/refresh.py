#!/usr/bin/python3
"""What t/bench/refresh sends, serves and counts.

usage: refresh.py vendors FOLDER        the vendor files, and the configuration's list of them
       refresh.py zone EDITION < KEY    the zone; each edition has 25 vendors changed
       refresh.py edition < ZONE        of a zone
       refresh.py mark EDITION          a pattern of the networks that it brings
       refresh.py message
       refresh.py threads PID           nanoseconds of CPU: all of it, of the threads "refresh" and "dns"
       refresh.py returned < RESULTS    0 when the last memory measured reaches the goal
       refresh.py table REFRESHES < RESULTS      1 when memory does not
"""
import email.utils
import json
import os
import statistics
import sys
import time

VENDORS, LEAVES, NETWORKS, CHANGED = 500, 4, 50, 25  # 500 * 4 * 50 = 100,000
CPU_GOAL, RSS_GOAL = 1.10, 1.10


def vendors(folder):
    for n in range(VENDORS):
        with open(os.path.join(folder, f"v{n}.conf"), "w", encoding="ascii") as f:
            f.write(f'vendor = {{ name = "v{n}"; domains = [ "v{n}.example" ]; '
                    f'sources = ( {{ spf = "v{n}.example"; }} ); }};\n')
    print("vendors = (", ", ".join(f'{{ name = "v{n}"; }}' for n in range(VENDORS)), ");")


def network(n, i):
    """The i-th /28 of vendor n, none beside another."""
    at = (11 << 24) + ((n * LEAVES * NETWORKS + i) << 5)
    return f"{at >> 24}.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}/28"


def mark(edition):
    return f"100\\.{edition >> 8}\\.{edition & 255}\\."


def zone(edition, key):
    record = " ".join(f'"{key[i:i + 200]}"' for i in range(0, len(key), 200))
    print("$TTL 1\n. SOA ns.rx.example. hostmaster.rx.example.", edition + 1, "3600 600 86400 1")
    print(". NS ns.rx.example.\nns.rx.example. 3600 A 127.0.0.1")
    print("_dmarc.v0.example. 3600 TXT \"v=DMARC1; p=reject\"")
    print("s1._domainkey.v0.example. 3600 TXT", record)
    print("mail.v0.example. A 198.19.2.1")
    print('m1.v0.example. TXT "v=spf1 ip4:198.19.0.0/24 include:m2.v0.example ~all"')
    print('m2.v0.example. TXT "v=spf1 a:mail.v0.example ip4:198.18.0.0/16 ~all"')
    first = edition * CHANGED % (VENDORS - 1)
    changed = {1 + (first + i) % (VENDORS - 1): i for i in range(CHANGED)} if edition else {}
    for n in range(VENDORS):
        leaves = [f"{c}.v{n}.example" for c in "abcd"]
        before = ["m1.v0.example"] if n == 0 else []
        print(f'v{n}.example. TXT "v=spf1', *(f"include:{name}" for name in before + leaves), '-all"')
        for i, name in enumerate(leaves):
            nets = [network(n, i * NETWORKS + j) for j in range(NETWORKS)]
            if i == 0 and n in changed:
                nets[0] = f"100.{edition >> 8}.{edition & 255}.{changed[n]}"
            text = "v=spf1 " + " ".join("ip4:" + net for net in nets) + " -all"
            print(f"{name}. TXT", " ".join(f'"{text[k:k + 250]}"' for k in range(0, len(text), 250)))


def threads(pid):
    spent = {"refresh": 0, "dns": 0}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as f:
                name = f.read().strip()
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                ran = int(f.read().split()[0])
        except OSError:
            continue
        if name in spent:
            spent[name] += ran
    # the clock of another process, its threads that have ended included (clock_getcpuclockid)
    print(time.clock_gettime_ns(~int(pid) << 3 | 2), spent["refresh"], spent["dns"])


MESSAGE = """Received: from app7.internal.v0.example (app7.internal.v0.example [198.18.200.7])
	by mx.v0.example with ESMTPS id 4Yq0xk2Zb1z9s7
	for <helpdesk@rx.example>; {date}
From: Vendor Notices <orders@v0.example>
To: helpdesk@rx.example
Subject: [T20261121.0042] A note was added to your ticket
Date: {date}
Message-ID: <20261121.0042@v0.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii

""" + 14 * "A note was added to ticket T20261121.0042; answer above this line.\n"


def read(lines):
    loads, rss = {}, []
    for line in lines:
        kind, rest = line.split(" ", 1)
        if kind == "rss":
            rss.append(int(rest.split()[1]) / 1024)
            continue
        name, pair, rest = rest.split(" ", 2)
        report, end = json.JSONDecoder().raw_decode(rest)
        words = [int(word) for word in rest[end:].split()]
        total, refresh, dns = ((after - before) / report["done"] / 1000 for before, after in zip(words[:3], words[3:]))
        loads.setdefault(name, {})[pair] = {
            "sessions": total - refresh - dns, "refresh": refresh, "dns": dns,
            "p50": report["lat_ms"]["p50"], "p99": report["lat_ms"]["p99"]}
    return loads, rss


def growth(rss):
    return rss[-1] / max(rss[:3])


def table(refreshes):
    loads, rss = read(sys.stdin)
    print(f"{'':<8}{'CPU us a message, by thread':>32}{'latency ms':>18}")
    print(f"{'':<8}{'sessions':>10}{'refresh':>12}{'dns':>10}{'p50':>9}{'p99':>9}   median of {len(loads['calm'])}")
    for name in ("calm", "busy"):
        row = [statistics.median(load[key] for load in loads[name].values())
               for key in ("sessions", "refresh", "dns", "p50", "p99")]
        print(f"{name:<8}{row[0]:>10.0f}{row[1]:>12.0f}{row[2]:>10.0f}{row[3]:>9.2f}{row[4]:>9.2f}")
    ratios = sorted(loads["busy"][p]["sessions"] / loads["calm"][p]["sessions"] for p in loads["calm"])
    cost = statistics.median(ratios)
    print("pairs:", " ".join(f"{ratio:.2f}" for ratio in ratios))
    print(f"memory: at most {max(rss[:3]):.1f} MiB, after {refreshes} refreshes {rss[-1]:.1f} MiB; "
          f"{min(rss):.1f} to {max(rss):.1f} MiB in all")
    for what, value, limit in (("CPU of sessions, busy to calm", cost, CPU_GOAL),
                               ("memory, after the refreshes to before", growth(rss), RSS_GOAL)):
        print(f"{what:<44}{value:>7.2f}   goal {limit:<5} {'reached' if value <= limit else 'MISSED'}")
    return growth(rss) > RSS_GOAL  # a time only informs


def main(arguments):
    command, *rest = arguments or [""]
    if command == "vendors":
        vendors(*rest)
    elif command == "zone":
        zone(int(rest[0]), sys.stdin.read().strip())
    elif command == "edition":
        print(next(int(line.split()[4]) - 1 for line in sys.stdin if line.startswith(". SOA")))
    elif command == "mark":
        print(mark(int(rest[0])))
    elif command == "message":
        # a signed Date that is old would make the signature weak
        print(MESSAGE.format(date=email.utils.formatdate()), end="")
    elif command == "threads":
        threads(rest[0])
    elif command == "returned":
        return growth(read(sys.stdin)[1]) > RSS_GOAL
    elif command == "table":
        return table(rest[0])
    else:
        sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
