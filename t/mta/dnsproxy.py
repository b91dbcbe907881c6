#!/usr/bin/python3
"""Stands between a resolver and a real DNS server, and misbehaves for chosen names.

usage: dnsproxy.py PORT SERVER-PORT FAULTS [all]

All on 127.0.0.1, UDP and TCP; SERVER-PORT may be PORT@ADDRESS. FAULTS is a file that is read at every question, a line "KIND NAME"
each, for a name and those below it ("." is all):

  silent      no answer at all
  slow        the right answer, 600 ms late
  slow4       the same, four seconds late
  servfail    SERVFAIL
  refused     REFUSED
  noedns      no answer to a question with EDNS, as behind some firewalls
  formerr     FORMERR to a question with EDNS, as from old servers
  truncated   cut off over UDP, and TCP is closed without a word
  tcp         cut off over UDP; TCP has the whole answer

Prints each question of type A that came by UDP, as "A NAME"; with "all" those of every type.
"""
import socket
import socketserver
import struct
import sys
import threading
import time

WAIT = 30
RCODES = {"servfail": 2, "refused": 5}
LATE = {"slow": 0.6, "slow4": 4}
TYPES = {1: "A", 5: "CNAME", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA"}


def name_of(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    return ".".join(labels), at + 5


def fault_of(name):
    with open(sys.argv[3], encoding="ascii") as f:
        for line in f:
            kind, where = line.split()
            where = where.rstrip(".")
            if where == "" or name == where or name.endswith("." + where):
                return kind
    return ""


def refusal(query, end, flags, rcode):
    return query[:2] + struct.pack("!HHHHH", 0x8000 | flags | rcode, 1, 0, 0, 0) + query[12:end]


def server():
    port, _, address = sys.argv[2].partition("@")
    return address or "127.0.0.1", int(port)


def over_udp(query):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(WAIT)
        s.connect(server())
        s.send(query)
        return s.recv(65535)


def over_tcp(query):
    with socket.create_connection(server(), WAIT) as s, s.makefile("rb") as f:
        s.sendall(struct.pack("!H", len(query)) + query)
        return f.read(struct.unpack("!H", f.read(2))[0])


def answer(query, ask, tcp):
    """The answer, or None for silence."""
    name, end = name_of(query)
    fault = fault_of(name)
    if fault == "silent" or (fault == "truncated" and tcp):
        return None
    edns = query[10:12] != b"\0\0"
    if fault == "noedns" and edns:
        return None
    if fault == "formerr" and edns:
        return refusal(query, end, 0, 1)
    if fault in RCODES:
        return refusal(query, end, 0, RCODES[fault])
    if fault in ("truncated", "tcp") and not tcp:
        return refusal(query, end, 0x0200, 0)
    time.sleep(LATE.get(fault, 0)) # sleeps: that is what it is for
    try:
        return ask(query)
    except (OSError, struct.error):
        return None


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        query, sock = self.request
        name, end = name_of(query)
        kind = struct.unpack("!H", query[end - 4 : end - 2])[0]
        if kind == 1 or len(sys.argv) > 4:
            print(TYPES.get(kind, kind), name, flush=True)
        reply = answer(query, over_udp, False)
        if reply is not None:
            sock.sendto(reply, self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    def handle(self):
        while len(size := self.rfile.read(2)) == 2:
            reply = answer(self.rfile.read(struct.unpack("!H", size)[0]), over_tcp, True)
            if reply is None:
                return
            self.wfile.write(struct.pack("!H", len(reply)) + reply)


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    at = ("127.0.0.1", int(sys.argv[1]))
    threading.Thread(target=TcpServer(at, Tcp).serve_forever, daemon=True).start()
    UdpServer(at, Udp).serve_forever()


if __name__ == "__main__":
    main()
