#!/usr/bin/python3
"""Writes the mail logs and records of t/cli/log.sh: fixed ones, with every way in which a message can be told.

    log_records.py lines | old | stories | parts | many NUMBER | huge NUMBER | reasons FILE
"""
import json
import re
import sys

sys.dont_write_bytecode = True
import record as made

BEGIN = 0x6b0a0000  # 2026-11-27T20:53:52Z


# ---- log lines ----

def line(after, number, action="pass", stage="eom", client="203.0.113.5", sender="joe@club.example", rcpt="anna@rx.example", msgid="-",
         greylist="due", outcome="stranger", reason="no-claim", vendor="-", dmarc="none", waited="0", more="", qid=None):
    return (f"id={BEGIN + after:x}.c.{number} qid={qid or f'4bX{number}'} outcome={outcome} action={action}{more} vendor={vendor} reason={reason} "
            f"stage={stage} mode=enforce client={client} port=4 listed=- via=- helo=h.example mail_from={sender} from={sender} "
            f"rcpts={rcpt} spf=none dkim=- dmarc={dmarc} greylist={greylist} msgid={msgid} ms=1 tries=1 waited={waited}")


def lines():
    """In each form: what was told to wait, and came again or not; refused; what is cut off, foreign, or of a version to come."""
    print("2026-11-27T21:53:52.123456+01:00 mx greenlaned[12]: " +
          line(0, 1, "greylist", "rcpt", "203.0.113.5", "code@bank.example", greylist="new"))
    print("Nov 27 21:54:02 mx postfix/smtpd[3]: connect from unknown")
    print("Nov 27 21:55:52 mx greenlaned[12]: " + line(120, 2, "greylist", "rcpt", "203.0.113.6", "code@BANK.example", greylist="early"))
    print("2026-11-27T21:59:04+0100 mx greenlaned[12]: " +
          line(312, 3, "pass", client="203.0.113.7", sender="code@bank.example", msgid="<1@bank>", dmarc="pass"))
    entry = line(600, 4, "pass", client="198.51.100.9", sender="eve@evil.example", rcpt="b@rx.example,c@rx.example", msgid="<2@evil>",
                 greylist="off", dmarc="fail", more=" would=reject", outcome="forged", reason="nothing-proven", vendor="acme")
    print(json.dumps({"SYSLOG_IDENTIFIER": "greenlaned", "MESSAGE": entry}))
    entry = line(660, 5, "defer", client="2001:db8::1", sender="<>", rcpt='"-"', outcome="unsure", reason="dns-trouble", vendor="acme", qid="-")
    print(json.dumps({"SYSLOG_IDENTIFIER": "greenlaned", "MESSAGE": list(entry.encode())}))
    print("greenlaned: " + line(700, 6, "greylist", "rcpt", "203.0.113.8", "lazy@shop.example", greylist="new"))
    print("greenlaned: " + line(760, 7, "greylist", "rcpt", "203.0.113.8", "lazy@shop.example", greylist="early"))
    print("greenlaned: " + line(800, 8, sender="a@to-come.example", reason="of-a-version-to-come", qid="-"))
    print("greenlaned: " + line(860, 9, client="203.0.113.11", sender="new@club.example", greylist="network") + " passed_by=auto_pass_network")
    print("greenlaned[7]: " + line(900, 10)[:60])


def reasons(path):
    """A message for each reason that there is, by its slug."""
    with open(path, encoding="ascii") as source:
        slugs = re.findall(r'\[REASON_\w+\] = \{ "([a-z0-9-]+)"', source.read())
    for number, slug in enumerate(slugs):
        print("greenlaned: " + line(1000 + number, number, "tag", sender="x@r%d.example" % number, reason=slug))


def many(number):
    """Messages of one domain; none is another's try."""
    for i in range(number):
        print("greenlaned: " + line(10000 + i, i, sender="m%d@many.example" % i))


# ---- records ----

number = [0]


def record(sender, envelope, client, facts=None, **changes):
    number[0] += 1
    print(made.record(BEGIN + 60 * number[0], number[0], sender, envelope, client, facts or {}, **changes))


def lists(vendor, source):
    return {"sources": [{"vendor": vendor, "source": source, "client": True}]}


ACME = lists("acme", "cidr:192.0.2.0/25")
CRM = lists("crm", "cidr:203.0.113.0/25")


def by(address, **changes):
    return {"authors": [made.author(address, **changes)]}


ALIGNED = {"dmarc": "pass", "said": "pass", "by": "proof", "spf_aligned": True}
REFUSES = {"dmarc": "fail", "said": "fail", "policy": "reject", "tag": "p"}


def stories():
    """A message for each thing that the story can tell of it."""
    # a vendor's: listed and signed; DMARC passes, and is tested only
    record("t@acme.example", "b@acme.example", "192.0.2.7",
           ACME | by("t@acme.example", **ALIGNED, policy="reject", tag="p", testing=True, record="acme.example"),
           dkim=[made.signature("acme.example"), made.signature("list.example", weak="sha1")], outcome="vouched", reason="proven", vendor="acme", dmarc="pass",
           greylist="off", msgid="<1@acme>", qid="4bY1")
    # behind a gateway of ours that does not say whose it is; from an address that says nothing
    record("t@acme.example", "b@acme.example", "-", {"peer": "198.51.100.5", "client_hidden": True}, via="edge", spf="-")
    record("joe@club.example", "joe@club.example", "10.0.0.9", {"client_hidden": True}, spf="-")
    # our own name: by a vendor that may not, that may; by nobody knows whom
    record("boss@rx.example", "boss@rx.example", "203.0.113.7", CRM, spf="fail", outcome="forged", reason="undelegated-vendor", vendor="own",
           action="reject")
    record("a@news.rx.example", "a@news.rx.example", "203.0.113.7", CRM | by("a@news.rx.example", **ALIGNED, spf_from="pass"), outcome="vouched",
           reason="proven-delegation", vendor="own", dmarc="pass", greylist="off")
    record("boss@rx.example", "boss@rx.example", "192.0.2.200", spf="fail", outcome="forged", reason="own-unproven", vendor="own", action="reject")
    # a partner's, a gateway's customer's
    record("x@msp.example", "x@msp.example", "203.0.113.7", CRM | by("x@msp.example", **ALIGNED, spf_from="pass"), outcome="vouched", reason="proven-partner",
           vendor="crm", greylist="off")
    record("x@customer.example", "x@customer.example", "198.51.100.70", lists("gate", "cidr:198.51.100.64/26") | by("x@customer.example", **ALIGNED),
           outcome="vouched", reason="proven-gateway", vendor="gate", greylist="off")
    # a vendor's name that is only text beside the address of another; one in an envelope whose author stands on his own
    shown = " desk@crm.example <t@acme.example>"
    record(shown, "eve@evil.example", "203.0.113.200",
           by("t@acme.example", **ALIGNED, last=True) | {"from_state": "unreadable", "from_raw": shown, "from_stopped": 18},
           dkim=[made.signature("acme.example")], outcome="unproven", reason="unreadable-from", vendor="acme", action="greylist", greylist="new")
    record("joe@club.example", "b@acme.example", "203.0.113.99", by("joe@club.example", **ALIGNED), spf="fail", dmarc="pass")
    # exempt, from everything or from the greylist
    record("me@rx.example", "me@rx.example", "127.0.0.1", outcome="exempt", reason="loopback", greylist="off")
    record("joe@club.example", "joe@club.example", "203.0.113.200", greylist="exempt")
    # listed, but forged; a wrong SPF record; what did not answer
    record("t@acme.example", "x@evil.example", "203.0.113.77", by("t@acme.example", **REFUSES, record="acme.example"),
           outcome="forged", reason="nothing-proven", vendor="acme", action="tag", would="reject", dmarc="fail")
    record("t@acme.example", "b@acme.example", "192.0.2.8", ACME | {"spf_why": "acme.example: unknown mechanism: 'ipp4'"}, spf="permerror",
           outcome="unproven", reason="partly-proven", vendor="acme", action="greylist", greylist="new")
    record("t@acme.example", "b@mail.acme.example", "203.0.113.78",
           by("t@acme.example", dmarc="temperror", said="temperror", dmarc_silent="acme.example", dmarc_silent_of="acme.example")
           | {"spf_silent": "_spf.acme.example", "names": [{"name": "acme.example", "answered": True}, {"name": "mx.acme.example", "answered": False}]},
           spf="temperror", outcome="unsure", reason="dns-trouble", vendor="acme", action="defer")
    # what its file lacks
    record("t@acme.example", "b@bounce.example", "192.0.2.9", ACME | by("t@acme.example"), outcome="unproven", reason="partly-proven", vendor="acme",
           action="greylist", greylist="new")
    record("t@acme.example", "b@bounce.example", "192.0.2.9", ACME | by("t@acme.example", dkim_aligned=True), spf="fail", dkim=[made.signature("mail.acme.example")],
           outcome="unproven", reason="partly-proven", vendor="acme", action="greylist", greylist="new")
    # of which greenlane cannot judge again what it was
    record("joe@club.example", "joe@club.example", "203.0.113.9", reason="relaying", action="reject", greylist="off")


def parts():
    """What greenlane explain was told in part."""
    record("t@acme.example", "<>", "192.0.2.7", ACME, not_given=["helo", "message", "rcpt"], spf="none", helo="-")
    record("-", "-", "192.0.2.7", {"authors": [], "from_state": "missing"}, not_given=["mail_from", "from", "message", "rcpt"], spf="none")
    record("-", "b@acme.example", "192.0.2.7", ACME | {"authors": [], "from_state": "missing"}, not_given=["from", "message", "rcpt"])
    record("t@acme.example", "-", "192.0.2.7", ACME, not_given=["mail_from", "message", "rcpt"], spf="none")
    record("boss@rx.example", "-", "203.0.113.7", CRM, not_given=["mail_from", "message", "rcpt"], spf="none")
    record("joe@club.example", "-", "203.0.113.7", CRM, not_given=["mail_from"], spf="none")
    record("boss@rx.example", "boss@rx.example", "192.0.2.130", not_given=["rcpt"], rcpts=[])


def old():
    """A record of version 1."""
    whole = json.loads(made.record(BEGIN, 1, "t@acme.example", "b@acme.example", "192.0.2.7", {}, outcome="vouched", reason="proven", vendor="acme"))
    del whole["facts"]["sources"]
    print(json.dumps({"v": 1} | {key: value for key, value in whole.items() if key not in ("v", "time")}))


def huge(count):
    """Records of nearly four megabytes, most of it blanks, which are quick to read."""
    for i in range(count):
        whole = made.record(BEGIN + i, i, "x@huge.example", "x@huge.example", "203.0.113.9", {})
        print(whole.replace(", ", "," + 4000000 * " ", 1))


what, *rest = sys.argv[1:]
{"lines": lines, "old": old, "stories": stories, "parts": parts, "many": lambda: many(int(rest[0])), "huge": lambda: huge(int(rest[0])),
 "reasons": lambda: reasons(rest[0])}[what]()
