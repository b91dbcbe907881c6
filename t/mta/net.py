#!/usr/bin/python3
"""Small questions about the network that a shell cannot ask.

usage: net.py ports N              N loopback ports that are free for TCP and UDP, one a line
       net.py dns HOST PORT NAME   exit 0 when the server answers a question for NAME's SOA
       net.py txt HOST PORT NAME   the same for TXT
       net.py asked PORT           exit 0 when a datagram lies unread at that UDP port of loopback
       net.py open ADDRESS         exit 0 when something listens at unix:PATH, inet:PORT@HOST or HOST:PORT
"""
import random
import socket
import sys

# Below the range that kernels give to outgoing connections, so that none of those gets in between.
PORTS = range(20000, 32000)


def is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def ports(count):
    found = []
    for port in random.sample(PORTS, len(PORTS)):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    print(*found, sep="\n")
    return len(found) == count


def dns(host, port, name, kind=6):
    labels = [label for label in name.split(".") if label]
    question = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0" + bytes([0, kind]) + b"\0\1"
    query = b"\x12\x34\0\0\0\1\0\0\0\0\0\0" + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        for _ in range(25):  # again on the same socket: the first question may come too early, an answer late
            try:
                s.sendto(query, (host, int(port)))
                answer = s.recv(4096)
                break
            except socket.timeout:
                continue
            except OSError:
                return False
        else:
            return False
    # The same id, no error, and at least one answer.
    return answer[:2] == query[:2] and answer[3] & 15 == 0 and answer[6:8] != b"\0\0"


def is_asked(port):
    with open("/proc/net/udp", encoding="ascii") as table:
        for words in (line.split() for line in list(table)[1:]):
            if int(words[1].partition(":")[2], 16) == int(port) and int(words[4].partition(":")[2], 16) > 0:
                return True
    return False


def is_open(address):
    if address.startswith("unix:"):
        family, where = socket.AF_UNIX, address[5:]
    else:
        if address.startswith("inet:"):
            address = ":".join(reversed(address[5:].split("@")))
        host, _, port = address.rpartition(":")
        family, where = socket.AF_INET, (host, int(port))
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(30)
        return s.connect_ex(where) == 0


def main(arguments):
    commands = {"ports": (1, lambda n: ports(int(n))), "dns": (3, dns), "txt": (3, lambda *where: dns(*where, 16)),
                "asked": (1, is_asked), "open": (1, is_open)}
    count, command = commands.get(arguments[0] if arguments else "", (None, None))
    if command is None or len(arguments) != count + 1:
        sys.exit(__doc__)
    return 0 if command(*arguments[1:]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
