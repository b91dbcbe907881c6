"""Stands between greenlane and a Redis that goes down once it has forgotten so many tuples.

   redis_cut.py SOCKET REDIS COUNT      all Unix sockets but COUNT
"""
import socket
import sys
import threading

sys.dont_write_bytecode = True
from unix_server import serve_for_ever

path, redis, left = sys.argv[1], sys.argv[2], int(sys.argv[3])


def replies(server, client):
    while data := server.recv(65536):
        client.sendall(data)


def serve(client):
    global left
    with client, socket.socket(socket.AF_UNIX) as server:
        server.connect(redis)
        back = threading.Thread(target=replies, args=(server, client), daemon=True)
        back.start()
        while (data := client.recv(65536)) and left > 0:
            server.sendall(data)
            left -= b"DEL\r\n" in data  # each tuple is forgotten by a question of its own
        server.shutdown(socket.SHUT_WR)
        back.join()  # what it did it has told


serve_for_ever(path, serve)
