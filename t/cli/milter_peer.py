"""What tests say to greenlaned in an MTA's place: packets of libmilter's protocol, version 6, over a Unix socket."""
import socket
import struct
import sys


def z(*texts):
    """Each with its NUL; bytes, or text with whatever bytes an argument had."""
    return b"".join((text if isinstance(text, bytes) else text.encode(errors="surrogateescape")) + b"\0" for text in texts)


def connect_data(client):
    """Of the command C: a client of that IPv4 address."""
    return z("client.example") + b"4" + struct.pack("!H", 40000) + z(client)


class MilterPeer:
    def __init__(self, path, steps):
        """steps: what the filter may ask to leave out or not to reply to."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        self.socket.connect(path)
        self.send("O", struct.pack("!III", 6, 0x1FF, steps))
        self.flags = struct.unpack("!III", self.receive()[1][:12])[2]

    def send(self, command, data=b""):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command.encode() + data)

    def exactly(self, count):
        got = b""
        while len(got) < count:
            more = self.socket.recv(count - len(got))
            if not more:
                sys.exit("greenlaned hung up")
            got += more
        return got

    def receive(self):
        """The letter of a reply, and its data."""
        packet = self.exactly(struct.unpack("!I", self.exactly(4))[0])
        return chr(packet[0]), packet[1:]
