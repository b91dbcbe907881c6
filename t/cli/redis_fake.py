"""A server that a Redis client meets on a bad day.

   redis_fake.py SOCKET FILE: what it does with each command is the word in FILE: serve (+OK, :1), half (half an answer), drip
   (a byte now and then), flood (an answer that is too long), hang, hangup, garbage, or an error that it replies as it stands, such
   as "MOVED 1 192.0.2.1:6379". Each command it got is a line in FILE.seen.
"""
import os
import socket
import sys
import threading

path, control = sys.argv[1:3]


def command(stream):
    line = stream.readline()
    if not line.startswith(b"*"):
        return None
    words = []
    for _ in range(int(line[1:])):
        length = int(stream.readline()[1:])
        words.append(stream.read(length + 2)[:-2])
    return words


def answer(connection, word):
    if word == "serve":
        connection.sendall(b"+OK\r\n")
    elif word == "half":
        connection.sendall(b"*3\r\n$3\r\nne")
    elif word == "drip":
        connection.sendall(b"$100000\r\n")
        while True:
            connection.sendall(b"x")
            threading.Event().wait(0.02)  # sleeps: between two bytes
    elif word == "flood":
        connection.sendall(b"$60000000\r\n" + b"x" * 60000000)
    elif word == "garbage":
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    elif word == "hang":
        threading.Event().wait()
    elif word != "hangup":
        connection.sendall(b"-" + word.encode() + b"\r\n")
    return word in ("serve", "half") or " " in word


def serve(connection):
    stream = connection.makefile("rb")
    with connection:
        while words := command(stream):
            with open(control + ".seen", "ab") as seen:
                seen.write(words[0] + b"\n")
            with open(control) as now:
                word = now.read().strip()
            # what only tries whether it lives is served while commands are to fail
            if not answer(connection, "serve" if words[0] in (b"SET", b"AUTH", b"SELECT") and word.startswith("only ") else word.removeprefix("only ")):
                return


listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o777)
listener.listen(64)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
