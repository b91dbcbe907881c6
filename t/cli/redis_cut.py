"""Stands between greenlane and a Redis that goes down once it has forgotten so many tuples, or reads nothing more of a
connection from before it answers a DEL.

   redis_cut.py SOCKET REDIS COUNT|each      SOCKET and REDIS are Unix sockets
"""
import socket
import sys
import threading

sys.dont_write_bytecode = True
from unix_server import serve_for_ever

path, redis = sys.argv[1:3]
each = sys.argv[3] == "each"
left = 1 if each else int(sys.argv[3])


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
            if each and b"DEL\r\n" in data:
                client.shutdown(socket.SHUT_RD)
            server.sendall(data)
            left -= not each and b"DEL\r\n" in data  # each tuple is forgotten by a question of its own
        server.shutdown(socket.SHUT_WR)
        back.join()  # what it did it has told


serve_for_ever(path, serve)
