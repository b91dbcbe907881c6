"""Stands between greenlaned and a Redis, and holds back what it replies to questions about held@, until so many have come together.

   redis_hold.py SOCKET REDIS COUNT      all Unix sockets but COUNT

Whoever asks one question after the other waits for ever.
"""
import os
import socket
import sys
import threading

path, redis, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
MARK = b"g held@"


def pump(source, target, begin, seen):
    while data := source.recv(65536):
        seen(data)
        begin.wait()
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def serve(client):
    server = socket.socket(socket.AF_UNIX)
    server.connect(redis)
    go, complete = threading.Event(), threading.Event()
    go.set()
    complete.set()
    held = bytearray()

    def asked(data):
        held.extend(data)
        if 0 < held.count(MARK) < count:
            complete.clear()
        else:
            complete.set()
            if MARK in held:
                held.clear()

    threading.Thread(target=pump, args=(server, client, complete, lambda data: None), daemon=True).start()
    pump(client, server, go, asked)


listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o777)
listener.listen(64)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
