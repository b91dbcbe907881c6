"""Messages that are larger than any MTA would send. size_faults.py SOCKET WHAT: prints what becomes of it; WHAT is a function below.

Between its parts, other mail is judged: "other mail: ..." says where that was not as ever.
"""
import sys

from peer import Peer, connect, letter

PATH, WHAT = sys.argv[1:]
VENDOR, ELSEWHERE = "192.0.2.1", "203.0.113.9"
# of an empty body, by nobody's key
SIGNATURE = (" v=1; a=rsa-sha256; c=relaxed/relaxed; d=signer%d.example; s=s1; h=from:subject; b=" + "A" * 344 +
             "; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")


def judge(client, steps):
    with Peer(PATH) as peer:
        return peer.deliver(connect(client) + steps)


def beside():
    for client, wanted in (VENDOR, "pass"), (ELSEWHERE, "550 "):
        got = judge(client, letter("desk@steady.example"))
        if not got.startswith(wanted):
            print("other mail: %s" % got)


def large(client, sender="large@steady.example", **more):
    """Other mail is judged before its end."""
    with Peer(PATH) as peer:
        steps = connect(client) + letter(sender, **more)
        got = peer.deliver(steps[:-2])
        beside()
        return got or peer.deliver(steps[-2:])


def headers():
    """20,000 fields; the last of them is a second From for the forger."""
    fields = [("X-Field-%d" % number, " value %d" % number) for number in range(20000)]
    print(large(VENDOR, fields=fields))
    print(large(ELSEWHERE, "large@stranger.example", fields=fields))
    print(large(ELSEWHERE, "large@stranger.example", fields=fields + [("From", " desk@steady.example")]))


def addresses():
    """3,000 in To, and in From."""
    crowd = ", ".join("user%d@rx.example" % number for number in range(3000))
    print(large(VENDOR, fields=[("To", " " + crowd), ("Cc", " " + crowd)]))
    print(large(ELSEWHERE, fields=[("To", " " + crowd), ("Cc", " " + crowd)]))
    print(large(VENDOR, fields=[("From", " " + crowd)]))
    short = [("From", " " + ", ".join("u%d@s.example" % number for number in range(first, first + 375))) for first in range(0, 3000, 375)]
    print(large(VENDOR, "large@stranger.example", fields=short))
    print(large(ELSEWHERE, "large@stranger.example", fields=short + [("From", " desk@steady.example")]))


def recipients():
    rcpts = ["user%d@rx.example" % number for number in range(3000)]
    print(large(VENDOR, rcpts=rcpts))
    print(large(ELSEWHERE, rcpts=rcpts))


def signatures():
    fields = [("DKIM-Signature", SIGNATURE % number) for number in range(60)]
    print(large(VENDOR, fields=fields))
    print(large(ELSEWHERE, fields=fields))


{one.__name__: one for one in (headers, addresses, recipients, signatures)}[WHAT]()
