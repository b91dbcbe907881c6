"""Prints how long after Sentinel's word of a new master the first script ran there, in milliseconds.

   sentinel_gap.py SENTINEL MASTER      ports of 127.0.0.1; MASTER is the one to come. Prints "ready" first.
"""
import socket
import sys
import time


def ask(port, *words):
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(b"".join([b"*%d\r\n" % len(words)] + [b"$%d\r\n%s\r\n" % (len(w), w) for w in words]))
        server.shutdown(socket.SHUT_WR)
        return server.makefile("rb").read()


def now(port):
    """Microseconds, by the server's clock."""
    words = ask(port, b"TIME").split(b"\r\n")
    return int(words[2]) * 1000000 + int(words[4])


sentinel, master = int(sys.argv[1]), int(sys.argv[2])
with socket.create_connection(("127.0.0.1", sentinel)) as events:
    events.sendall(b"*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\n+switch-master\r\n")
    said = events.recv(65536)
    print("ready", flush=True)
    while b"message\r\n" not in said:
        said += events.recv(65536)
began = now(master)
while b"cmdstat_eval" not in ask(master, b"INFO", b"commandstats"):
    time.sleep(0.005)  # sleeps: Redis tells nobody that a script ran
print((now(master) - began) // 1000)
