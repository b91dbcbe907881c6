"""A server that a Redis client meets on a bad day.

   redis_fake.py SOCKET FILE: what it does with each command is the word in FILE: serve (+OK, :1), half (half an answer), drip
   (a byte now and then), flood (an answer that is too long), announce (one of a hundred million elements), hang, hangup, garbage,
   or an error that it replies as it stands, such as "MOVED 1 192.0.2.1:6379". Each command it got is a line in FILE.seen.
"""
import sys
import threading

sys.dont_write_bytecode = True
from unix_server import serve_for_ever

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
        connection.sendall(b"$1000\r\n")
        for byte in b"x" * 1000 + b"\r\n":
            connection.sendall(bytes([byte]))
            threading.Event().wait(0.02)  # sleeps: between two bytes
    elif word == "flood":
        connection.sendall(b"$60000000\r\n" + b"x" * 60000000)
    elif word == "announce":
        connection.sendall(b"*100000000\r\n")
    elif word == "garbage":
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    elif word == "hang":
        threading.Event().wait()
    elif word != "hangup":
        connection.sendall(b"-" + word.encode() + b"\r\n")
    return word in ("serve", "half", "drip", "announce") or " " in word


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


serve_for_ever(path, serve)
