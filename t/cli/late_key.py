"""A name server that answers a question for a DKIM key only when a Redis has a key of its own; to all others no such name exists.

   late_key.py REDIS KEY      prints its port of 127.0.0.1
"""
import socket
import sys
import threading
import time

redis, key = sys.argv[1], sys.argv[2].encode()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
print(udp.getsockname()[1], flush=True)


def exists():
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(redis)
        server.sendall(b"*2\r\n$6\r\nEXISTS\r\n$%d\r\n%s\r\n" % (len(key), key))
        return server.recv(64) == b":1\r\n"


def answer(query, peer):
    while b"_domainkey" in query.lower() and not exists():
        time.sleep(0.01)  # sleeps: Redis tells nobody that a key has come
    end = 12
    while query[end]:
        end += 1 + query[end]
    udp.sendto(query[:2] + b"\x81\x83" + b"\0\1\0\0\0\0\0\0" + query[12 : end + 5], peer)


while True:
    threading.Thread(target=answer, args=udp.recvfrom(4096), daemon=True).start()
