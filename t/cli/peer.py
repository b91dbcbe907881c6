"""The MTA's end of a milter connection, packet by packet, for tests that do what an MTA does not. Imported."""
import socket
import struct

STEPS = 0x1FFFFF # all that an MTA of today offers
# command: the bits of the negotiation by which the filter does not want it, or gives no reply to it
FLAGS = {"C": (0x01, 0x1000), "H": (0x02, 0x2000), "M": (0x04, 0x4000), "R": (0x08, 0x8000), "T": (0x200, 0x10000),
         "L": (0x20, 0x80), "N": (0x40, 0x40000), "B": (0x10, 0x80000), "E": (0, 0)}
MUTE = "DAQ" # macros, an abort, the end: never a reply


def z(*texts):
    return b"".join(text.encode(errors="surrogateescape") + b"\0" for text in texts)


def packet(command, data=b""):
    return struct.pack("!I", len(data) + 1) + command.encode() + data


def offer(version=6, actions=0x1FF, steps=STEPS):
    return packet("O", struct.pack("!III", version, actions, steps))


def connect(client):
    return [("D", b"C" + z("j", "mx.rx.example")), ("C", z("client.example") + b"4" + struct.pack("!H", 40000) + z(client)),
            ("H", z("client.example"))]


def letter(sender, rcpts=("anna@rx.example",), fields=(), body=b"hello\r\n"):
    """A message from MAIL to its end, with its macros."""
    steps = [("D", b"M" + z("i", "4A")), ("M", z("<%s>" % sender))]
    steps += [("R", z("<%s>" % rcpt)) for rcpt in rcpts]
    steps += [("T", b"")]
    steps += [("L", z(name, value)) for name, value in [("From", " " + sender), ("Subject", " hello")] + list(fields)]
    steps += [("N", b"")] + [("B", body[at:at + 65535]) for at in range(0, len(body), 65535)]
    return steps + [("D", b"E" + z("i", "4A")), ("E", b"")]


class Peer:
    """At a Unix socket's path or HOST:PORT. EOFError: the filter hung up."""

    def __init__(self, place, hello=None):
        self.socket = socket.socket(socket.AF_UNIX if place[0] == "/" else socket.AF_INET)
        self.socket.settimeout(120)
        self.socket.connect(place if place[0] == "/" else (place.split(":")[0], int(place.split(":")[1])))
        self.socket.sendall(offer() if hello is None else hello)
        command, data = self.receive()
        if command != "O":
            raise EOFError
        self.version, self.actions, self.steps = struct.unpack("!III", data[:12])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def exactly(self, count):
        got = bytearray()
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            if not more:
                raise EOFError
            got += more
        return bytes(got)

    def receive(self):
        data = self.exactly(struct.unpack("!I", self.exactly(4))[0])
        return data[:1].decode(), data[1:]

    def wants(self, command):
        return command in MUTE or not self.steps & FLAGS[command][0] and (command != "T" or self.version > 3)

    def answers(self, command):
        return command not in MUTE and not self.steps & FLAGS[command][1]

    def send(self, command, data=b""):
        """Without waiting for a reply."""
        if self.wants(command):
            self.socket.sendall(packet(command, data))

    def hear(self, command):
        """The reply to it, in words; "" for one that lets the message go on, or none."""
        while self.wants(command) and self.answers(command):
            reply, text = self.receive()
            if reply in "acrty":
                return {"a": "pass", "c": "pass" if command == "E" else "", "r": "refused", "t": "deferred",
                        "y": text.rstrip(b"\0").decode()}[reply]
        return ""

    def give(self, command, data=b""):
        self.send(command, data)
        return self.hear(command)

    def deliver(self, steps):
        """What becomes of it: "pass", the reply that ended it, or "it hung up"."""
        try:
            for command, data in steps:
                answer = self.give(command, data)
                if answer:
                    return answer
        except (EOFError, ConnectionError):
            return "it hung up"
        return ""
