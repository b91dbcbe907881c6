"""Stands between greenlaned and a Redis, and holds back what it replies to questions about held@, until so many have come together.

   redis_hold.py SOCKET REDIS COUNT      all Unix sockets but COUNT

Whoever asks one question after the other waits for ever.
"""
import socket
import sys
import threading

sys.dont_write_bytecode = True
from unix_server import serve_for_ever

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


serve_for_ever(path, serve)
