#!/usr/bin/python3
"""Writes the records of t/cli/replay.sh that are fixed: what cannot be judged again, what changes, what is no record.

    replay_records.py same | cannot | changes | kinds NUMBER | broken
"""
import json
import sys

sys.dont_write_bytecode = True
import record as made

BEGIN = 0x6b0a0000  # 2026-11-27T22:11:12Z
number = [0]

PASSES = {"dmarc": "pass", "said": "pass", "by": "proof", "spf_aligned": True, "spf_from": "pass"}
FAILS = {"dmarc": "fail", "said": "fail", "policy": "reject", "tag": "p", "record": "club.example"}
ACME = {"sources": [{"vendor": "acme", "source": "cidr:192.0.2.0/25", "client": True}]}
PROVEN = {"outcome": "vouched", "reason": "proven", "vendor": "acme", "greylist": "off"}


def record(sender, envelope, client, facts=None, **changes):
    number[0] += 1
    return made.record(BEGIN + 60 * number[0], number[0], sender, envelope, client, facts or {}, **changes)


def by(address, **changes):
    return {"authors": [made.author(address, **changes)]}


def acme(facts=None, client="192.0.2.7", **changes):
    """A message of acme, proven."""
    return record("t@acme.example", "b@acme.example", client, ACME | by("t@acme.example", **PASSES) | (facts or {}), **(PROVEN | changes))


def same():
    print(acme())


def cannot():
    """One for each reason that judge_again.c has."""
    old = json.loads(acme())
    del old["facts"]["sources"], old["v"], old["time"]
    print(json.dumps({"v": 1} | old))
    print(acme({"sources_cut": True}))
    print(record("joe@club.example", "joe@club.example", "203.0.113.9", reason="relaying", action="reject", greylist="off"))
    print(acme(spf="-"))
    print(record("t@globex.example", "b@globex.example", "203.0.113.9",
                 {"sources": [{"vendor": "globex", "source": "spf:globex.example", "asked": True}]} | by("t@globex.example", **PASSES)))
    print(acme(by("t@acme.example", **(PASSES | {"spf_from": "-"}))))
    print(acme(by("t@acme.example", **(PASSES | {"dmarc": "-"}))))
    print(acme(outcome="exempt", reason="own-network"))
    print(acme({"peer": "198.51.100.5"}, via="edge"))
    for _ in range(2):
        print(record("joe@club.example", "joe@club.example", "203.0.113.9", by("joe@club.example", **FAILS), spf="fail", action="greylist",
                     greylist="new"))


def changes():
    """For a draft with a source more, without a vendor, and that refuses strangers."""
    for i in range(4):  # listed by what is new
        print(record("t@acme.example", "b@acme.example", "203.0.113.%d" % i, by("t@acme.example", **PASSES), outcome="unproven", reason="partly-proven",
                     vendor="acme", action="greylist", greylist="new"))
    print(record("t@globex.example", "b@globex.example", "203.0.113.9", by("t@globex.example", **PASSES), outcome="unproven",
                 reason="partly-proven", vendor="globex", action="greylist", greylist="new"))
    print(record("joe@club.example", "joe@club.example", "198.51.100.9", {"tuple_known": "no"} | by("joe@club.example", **FAILS), spf="fail",
                 action="greylist", greylist="new"))
    print(record("x@initech.example", "b@initech.example", "198.51.100.10", by("x@initech.example", **PASSES), outcome="unproven",
                 reason="partly-proven", vendor="initech", action="greylist", greylist="new"))


def kinds(count):
    """Each changes in its own way, for each was of another reason."""
    for i in range(count):
        print(acme(reason="of-another-version-%d" % i))


def broken():
    """What is no record, a line each."""
    whole = json.loads(acme())
    missing = json.loads(acme())
    del missing["facts"]["peer"]
    for line in ('{"v":2,"cut', '{"v":3,"facts":{}}', json.dumps(whole | {"spf": "odd"}), json.dumps(missing), "a" * 5000000):
        print(line)


what, *rest = sys.argv[1:]
{"same": same, "cannot": cannot, "changes": changes, "kinds": lambda: kinds(int(rest[0])), "broken": broken}[what]()
