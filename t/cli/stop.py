#!/usr/bin/python3
"""Peers of a greenlaned that stops.

stop.py silent PORT-FILE ASKED-FILE   a DNS server that never answers: its port, and a line for each question
stop.py hold SOCKET=TEXT...           connects to each, sends TEXT and no more; prints "held"; until it is ended
"""
import signal
import socket
import sys


def silent(port_file, asked_file):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    with open(asked_file, "w") as asked:
        with open(port_file, "w") as port:
            print(server.getsockname()[1], file=port)
        while server.recv(4096):
            print("asked", file=asked, flush=True)


def hold(*peers):
    held = []
    for peer in peers:
        path, text = peer.split("=", 1)
        held.append(socket.socket(socket.AF_UNIX))
        held[-1].connect(path)
        held[-1].sendall(text.encode())
    print("held", flush=True)
    signal.pause()


{"silent": silent, "hold": hold}[sys.argv[1]](*sys.argv[2:])
