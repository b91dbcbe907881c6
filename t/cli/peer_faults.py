"""MTAs that go, stop, dawdle, or say too little at any step of a sound conversation.

peer_faults.py SOCKET WHAT [ROUNDS]: what is wrong is said, and exit 1. WHAT is a function below.
"""
import sys
import time

from peer import Peer, connect, letter, offer, packet

STRANGER, FORGED = letter("a@stranger.example"), letter("desk@steady.example")
CLIENT = connect("203.0.113.9") # no host of the vendor
PATH, WHAT, ROUNDS = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["1"])[0])
wrong = []


def expect(got, wanted, what):
    if not got.startswith(wanted):
        wrong.append("%s: '%s', wanted '%s'" % (what, got, wanted))


def pair(number):
    """A mail, its verdict; what comes next on its connection, and what that must get."""
    return (FORGED, "550 ", STRANGER, "pass") if number % 2 else (STRANGER, "pass", FORGED, "550 ")


def begun(mail, length):
    """A peer that has done so many steps of it, without waiting for the verdict."""
    peer = Peer(PATH)
    for command, data in (CLIENT + mail)[:length]:
        peer.send(command, data)
        if command != "E":
            peer.hear(command)
    return peer


def beside(what):
    with Peer(PATH) as peer:
        expect(peer.deliver(CLIENT + FORGED), "550 ", "another mail " + what)


def closed():
    """At each step, and in the midst of its packet."""
    for length in range(len(CLIENT + FORGED) + 1):
        for part in 0, 1, 4, 5, 8:
            mail = pair(part)[0]
            with begun(mail, length) as peer:
                following = (CLIENT + mail)[length:length + 1]
                if following and peer.wants(following[0][0]):
                    peer.socket.sendall(packet(*following[0])[:part])
        beside("after %d steps" % length)


def aborted():
    """At each step: the same connection goes on with another message, and after one more abort with the first."""
    for number in 0, 1:
        mail, verdict, following, wanted = pair(number)
        for length in range(len(CLIENT), len(CLIENT + mail)):
            with begun(mail, length) as peer:
                peer.send("A")
                expect(peer.deliver(following), wanted, "the mail after an abort after %d steps" % length)
                peer.send("A")
                expect(peer.deliver(mail), verdict, "and the next after %d steps" % length)


def anew():
    """HELO or MAIL in the midst of an envelope drops it; later no MTA says that, and it hangs up."""
    for number in 0, 1:
        mail, _, following, wanted = pair(number)
        at_rcpt = [command for command, _ in CLIENT + mail].index("R")
        for length in range(len(CLIENT), len(CLIENT + mail)):
            for again in CLIENT[2:], []:
                with begun(mail, length) as peer:
                    got = peer.deliver(again + following)
                    if length <= at_rcpt + 1 or got != "it hung up":
                        expect(got, wanted, "begun anew after %d steps" % length)


def versions():
    """Old and odd negotiations: nothing is wanted that was not offered, and mail is judged right."""
    for version, actions, steps in ((2, 0x3F, 0x7F), (2, 0x1, 0), (3, 0x3F, 0x1FF), (4, 0x3F, 0x3FF), (6, 0x1FF, 0x1FFFFF),
                                    (6, 0x1FF, 0), (6, 0x11, 0x1FFFFF), (7, 0xFFFFFFFF, 0xFFFFFFFF)):
        for number in 0, 1:
            mail, verdict, following, wanted = pair(number)
            what = "version %d, actions %x, steps %x" % (version, actions, steps)
            with Peer(PATH, offer(version, actions, steps)) as peer:
                expect(peer.deliver(CLIENT + mail), verdict, what)
                expect(peer.deliver(following), wanted, what + ", the next mail")
                if peer.version > version or peer.actions & ~actions or peer.steps & ~steps:
                    wrong.append(what + ": it wants what was not offered")


def missing():
    """One step is left out, or its macros: it hangs up where no MTA may leave it out, and judges the rest as ever."""
    for number in 0, 1:
        mail, verdict, _, _ = pair(number)
        whole = CLIENT + mail
        for at, (command, _) in enumerate(whole[:-1]):
            with Peer(PATH) as peer:
                got = peer.deliver(whole[:at] + whole[at + 1:])
                expect(got, "it hung up" if command in "CMRN" else verdict, "step %d, %s, is left out" % (at, command))
        with Peer(PATH) as peer:
            expect(peer.deliver([step for step in whole if step[0] != "D"]), verdict, "no macro at all")


def slow():
    """A hundred at once, each a byte at a time; other mail passes meanwhile, and all get their verdicts."""
    peers = [Peer(PATH) for _ in range(100)]
    talks = [b"".join(packet(*step) for step in CLIENT + pair(number)[0] if peer.wants(step[0]) and step[0] != "D")
             for number, peer in enumerate(peers)]
    for at in range(max(map(len, talks))):
        for peer, talk in zip(peers, talks):
            peer.socket.send(talk[at:at + 1])
        if at % 20 == 0:
            beside("while others are slow")
        time.sleep(0.025) # sleeps: longer than a thread waits for the rest of a packet
    for number, peer in enumerate(peers):
        peer.hear("R")
        expect(peer.hear("E"), pair(number)[1], "a slow one")
        peer.socket.close()


for _ in range(ROUNDS):
    {one.__name__: one for one in (closed, aborted, anew, versions, missing, slow)}[WHAT]()
print("\n".join(wrong[:20]))
sys.exit(bool(wrong))
