#!/usr/bin/python3
"""Writes records (greenlane-record(5)) of the mail in t/cli/suggest.sh: who waited, who proved himself, who only pretends to.

    suggest_records.py drafts | faults | use | many
"""
import sys

sys.dont_write_bytecode = True
import record as made

clock = [1795000000]
number = [0]


def record(author, envelope, client, spf="pass", signers=(), action="pass", greylist="due", waited=None, outcome="stranger",
           vendor="-", reason="no-claim", rcpt="anna@rx.example", after=60, weak=False):
    clock[0] += after
    number[0] += 1
    dkim = [made.signature(d, s, "sha1" if weak else "") for d, s in signers]
    print(made.record(clock[0], number[0], author, envelope, client, {}, spf=spf, dkim=dkim, action=action, greylist=greylist,
                      outcome=outcome, vendor=vendor, reason=reason, rcpts=[rcpt], tries=None if waited is None else 2, waited=waited))


def message(count, author, envelope, client, waited=300, **more):
    """Two tries each: the first is told to wait, the second passes."""
    for _ in range(count):
        record(author, envelope, client, action="greylist", greylist="new", after=3600, **more)
        record(author, envelope, client, waited=waited, after=waited, **more)


def s1(domain):
    return [(domain, "s1")]


def drafts():
    # proves itself in both ways, from two addresses of one pool; the greylist tells the wait but once, and the tries tell the other
    message(3, "desk@acme.example", "b@acme.example", "192.0.2.7", signers=s1("acme.example"))
    record("desk@acme.example", "b@acme.example", "192.0.2.8", action="greylist", greylist="new", signers=s1("acme.example"), after=3600)
    record("desk@acme.example", "b@acme.example", "192.0.2.8", greylist="exempt", signers=s1("acme.example"), after=720)
    # somebody in the name of acme, with SPF of his own; waits and comes again
    message(9, "desk@acme.example", "b@evil.example", "203.0.113.66")
    # and with a weak signature
    message(9, "desk@acme.example", "b@evil.example", "203.0.113.66", signers=s1("acme.example"), weak=True)
    # SPF that passes everybody
    message(4, "news@open.example", "b@open.example", "203.0.113.9")
    # and one that passes half of the world
    message(3, "news@half.example", "b@half.example", "203.0.113.9")
    message(3, "news@wide.example", "b@wide.example", "203.0.113.9")
    # SPF that proved it then, and is gone
    message(3, "news@gone.example", "b@gone.example", "203.0.113.9")
    # a domain that is gone, and one whose key is
    message(3, "x@nowhere.example", "b@nowhere.example", "203.0.113.9")
    message(3, "x@keyless.example", "b@other.example", "203.0.113.9", spf="fail", signers=s1("keyless.example"))
    # a name of the public suffix list, whose customers are below it; and a customer's
    message(3, "noreply@github.io", "b@github.io", "192.0.2.20", signers=s1("github.io"))
    message(3, "me@someone.github.io", "b@someone.github.io", "192.0.2.20", signers=s1("someone.github.io"))
    # the same name as a vendor's file
    message(3, "x@tickets.example", "b@tickets.example", "192.0.2.76", signers=s1("tickets.example"))


def faults():
    # a forger with a signed domain that looks like a vendor's, like a file's that is not in force, like ours
    message(8, "desk@g1obex.example", "b@g1obex.example", "203.0.113.5", signers=s1("g1obex.example"))
    message(3, "desk@initech-support.example", "b@initech-support.example", "203.0.113.5", signers=s1("initech-support.example"))
    message(3, "boss@rxhosplta1.example", "b@rxhosplta1.example", "203.0.113.5", signers=s1("rxhosplta1.example"))
    message(3, "desk@globex.example.evil.example", "b@evil.example", "203.0.113.5", signers=s1("evil.example"))
    # a mail provider's users
    for i in range(17):
        message(1, "user%d@bigmail.example" % i, "user%d@bigmail.example" % i, "192.0.2.%d" % (30 + i), signers=s1("bigmail.example"))
    # a forwarder's envelope; a service's; half of it forwarded without one
    message(3, "info@club.example", "srs@forward.example", "192.0.2.60", signers=s1("club.example"))
    message(3, "info@shop.example", "b@bulk.example", "192.0.2.61", signers=s1("shop.example"))
    message(2, "info@mixed.example", "b@mixed.example", "192.0.2.62", signers=s1("mixed.example"))
    message(2, "info@mixed.example", "b@mixed.example", "192.0.2.63", spf="softfail", signers=s1("mixed.example"))
    # their DNS
    message(3, "info@wrong.example", "b@wrong.example", "192.0.2.64", spf="permerror", signers=s1("wrong.example"))
    message(3, "info@slow.example", "b@slow.example", "192.0.2.65", spf="temperror", signers=s1("slow.example"))
    message(3, "info@none.example", "b@none.example", "192.0.2.66", spf="none", signers=s1("none.example"))
    message(3, "info@elsewhere.example", "b@elsewhere.example", "192.0.2.67", spf="fail", signers=s1("elsewhere.example"))
    # a vendor's file that is not in force; of vendors that are; our own name
    message(3, "desk@initech.example", "b@initech.example", "192.0.2.68", signers=s1("initech.example"))
    message(3, "desk@globex.example", "b@globex.example", "192.0.2.69", signers=s1("mail.globex.example"))
    message(3, "desk@umbrella.example", "b@umbrella.example", "192.0.2.70", signers=s1("umbrella.example"))
    message(3, "desk@hooli.example", "b@hooli.example", "192.0.2.71", signers=s1("hooli.example"))
    message(3, "shop@rxhospital.example", "b@rxhospital.example", "192.0.2.72", signers=s1("rxhospital.example"))
    # international letters; two author domains of one organisation; twice is not often
    message(3, "x@xn--bcher-kva.example", "b@xn--bcher-kva.example", "192.0.2.73", signers=s1("xn--bcher-kva.example"))
    message(2, "x@a.depts.example", "b@depts.example", "192.0.2.74", signers=s1("depts.example"))
    message(2, "x@b.depts.example", "b@depts.example", "192.0.2.74", signers=[("depts.example", "s\u001b\"1")])
    message(2, "x@twice.example", "b@twice.example", "192.0.2.75", signers=s1("twice.example"))
    message(1, "x@once.example", "b@once.example", "192.0.2.75", signers=s1("once.example"))
    # what no domain can hold
    message(3, "x@e\u001b[2J\"};.example", "b@e\u001b[2J\"};.example", "192.0.2.77", signers=[("e\u001b[2J\"};.example", "s\u001b\"1")])


def use():
    # mail of vendors that did not wait; and forgeries
    for i in range(21):
        record("desk@hooli.example", "b@hooli.example", "198.51.100.%d" % (i % 4 + 1), spf="none", greylist="off", outcome="vouched", vendor="hooli",
               reason="proven")
    for i in range(5):
        record("desk@globex.example", "b@globex.example", "203.0.113.%d" % (100 + i), spf="fail", greylist="off", outcome="forged",
               vendor="globex", reason="nothing-proven", action="reject")
    record("desk@globex.example", "b@globex.example", "2001:db8::1", spf="fail", greylist="off", outcome="forged", vendor="globex",
           reason="nothing-proven", action="reject")
    # exempt mail says nothing
    record("me@rxhospital.example", "me@rxhospital.example", "127.0.0.1", greylist="off", outcome="exempt", reason="loopback")
    print('{"v":2,"cut')


def many():
    # more networks of forgers than are kept; and what was refused unjudged
    for i in range(4097):
        record("desk@globex.example", "b@globex.example", "20.%d.%d.1" % (i // 256, i % 256), spf="fail", greylist="off", outcome="forged",
               vendor="globex", reason="nothing-proven", action="reject", after=1)
    record("x@once.example", "b@once.example", "192.0.2.75", greylist="off", reason="relaying", action="reject")


{"drafts": drafts, "faults": faults, "use": use, "many": many}[sys.argv[1]]()
