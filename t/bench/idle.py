#!/usr/bin/python3
"""Holds milter connections open that say nothing after the client's name.

usage: idle.py SOCKET COUNT      says "COUNT open" when they are, then waits until it is ended
"""
import signal
import socket
import struct
import sys

OFFER = struct.pack(">IB3I", 13, ord("O"), 6, 0x1FF, 0x1FFFFF)
CLIENT = b"idle.example\x004\x10\xe1203.0.113.9\x00"


def dial(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(OFFER)
    if connection.recv(5, socket.MSG_WAITALL)[4:] != b"O":
        sys.exit("the milter does not answer")
    connection.sendall(struct.pack(">I", len(CLIENT) + 1) + b"C" + CLIENT)
    return connection


def main():
    connections = [dial(sys.argv[1]) for _ in range(int(sys.argv[2]))]
    print(len(connections), "open", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
