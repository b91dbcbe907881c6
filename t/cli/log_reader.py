"""The host's log: log_reader.py SOCKET FILE binds SOCKET and appends each line that comes to FILE."""
import os
import socket
import sys

os.umask(0)
log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
log.bind(sys.argv[1])
with open(sys.argv[2], "ab", buffering=0) as lines:
    while True:
        lines.write(log.recv(65536).rstrip(b"\0\n") + b"\n")
