"""Hands mail of a stranger to greenlaned as an MTA would, and prints what becomes of it.

milter.py SOCKET SENDER [CLIENT [RCPT [COUNT [FIFO]]]]: "pass" for each mail, or the reply, which ends it. The dialogue is
libmilter's, version 6. %d in SENDER is the number of the mail, from 0 on. RCPT may be several, with commas between; with SIGNED in
the environment it bears a signature. With FIFO it prints "held" before the end of a mail, and waits until somebody writes there.
"""
import os
import sys

sys.dont_write_bytecode = True
from milter_peer import MilterPeer, connect_data, z

SENDER = sys.argv[2]
CLIENT = sys.argv[3] if len(sys.argv) > 3 else "203.0.113.5"
RCPT = sys.argv[4] if len(sys.argv) > 4 else "anna@rx.example"
COUNT = int(sys.argv[5]) if len(sys.argv) > 5 else 1
# of an empty body, by nobody's key
SIGNATURE = [("DKIM-Signature", " v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=s1; h=from:subject; b=%s;"
              " bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" % (SENDER.split("@")[1], "A" * 344))] if "SIGNED" in os.environ else []
# command: the bits of the negotiation by which the filter does not want it, or gives no reply to it
FLAGS = {"C": (0x01, 0x1000), "H": (0x02, 0x2000), "M": (0x04, 0x4000), "R": (0x08, 0x8000), "T": (0x200, 0x10000),
         "L": (0x20, 0x80), "N": (0x40, 0x40000)}


class Milter(MilterPeer):
    def step(self, command, data):
        """Ends the program where the filter refuses."""
        unwanted, silent = FLAGS[command]
        if self.flags & unwanted:
            return
        self.send(command, data)
        if not self.flags & silent:
            self.refusal(*self.receive())

    def refusal(self, reply, data):
        if reply == "y":
            print(data.rstrip(b"\0").decode())
        elif reply in "rt":
            print("refused" if reply == "r" else "deferred")
        else:
            return
        sys.exit()

    def end(self):
        self.send("E")
        while True:
            reply, data = self.receive()
            self.refusal(reply, data)
            if reply in "ac":
                print("pass")
                return


milter = Milter(sys.argv[1], 0x1FFFFF)
milter.send("D", b"C" + z("v", "Postfix 3.7.11"))
milter.step("C", connect_data(CLIENT))
milter.step("H", z("client.example"))
for number in range(COUNT):
    sender = SENDER.replace("%d", str(number))
    milter.step("M", z("<%s>" % sender))
    for rcpt in RCPT.split(","):
        milter.step("R", z("<%s>" % rcpt))
    milter.step("T", b"")
    for name, value in SIGNATURE + [("From", " " + sender), ("Subject", " hello")]:
        milter.step("L", z(name, value))
    milter.step("N", b"")
    if len(sys.argv) > 6:
        print("held", flush=True)
        with open(sys.argv[6]) as fifo:
            fifo.read()
    milter.end()
