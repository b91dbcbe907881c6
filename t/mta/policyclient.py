#!/usr/bin/python3
"""A client of Postfix's policy delegation that says exactly what it is told and prints every answer.

usage: policyclient.py ADDRESS STEP...       ADDRESS is unix:PATH or inet:PORT@HOST

Steps, on one connection:
  NAME=VALUE,...   a request at RCPT with these attributes beside or in place of the usual ones; prints the action
  raw=TEXT         sends TEXT (\\n \\r \\0 \\xNN are understood) and reads nothing
  fill=N:TEXT      sends TEXT N times
  read             prints what comes: the action, "closed", or "silent" after ten seconds
  sleep=SECONDS
  times=N:NAME=VALUE,...   N requests sent at once; prints each different answer and how often it came
  callers=N        N further connections that say nothing; prints how many the server hung up on
"""
import collections
import re
import socket
import sys
import time

USUAL = dict(request="smtpd_access_policy", protocol_state="RCPT", protocol_name="ESMTP",
             client_address="203.0.113.66", client_name="unknown", client_port="4321", helo_name="mail.stranger.example",
             sender="eve@stranger.example", recipient="helpdesk@rx.example", sasl_username="", instance="1.2.3", size="0")
PATIENCE = 10.0


def connect(address):
    if address.startswith("unix:"):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(PATIENCE)
        made.connect(address[5:])
        return made
    port, _, host = address[5:].partition("@")
    return socket.create_connection((host, int(port)), PATIENCE)


def request(text):
    fields = dict(USUAL)
    fields.update(pair.split("=", 1) for pair in text.split(",") if pair)
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode() + b"\n"


def unescape(text):
    return re.sub(rb"\\(n|r|0|x[0-9a-f]{2})", lambda m: {b"n": b"\n", b"r": b"\r", b"0": b"\0"}.get(
        m[1]) or bytes([int(m[1][1:], 16)]), text.encode())


class Talk:
    def __init__(self, address):
        self.address, self.socket, self.left, self.others = address, connect(address), b"", []

    def read(self):
        while b"\n\n" not in self.left:
            try:
                got = self.socket.recv(65536)
            except socket.timeout:
                return "silent"
            except OSError:
                got = b""
            if not got:
                return "closed"
            self.left += got
        line, _, self.left = self.left.partition(b"\n\n")
        return line.decode("utf-8", "backslashreplace")

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def step(self, step):
        word, _, rest = step.partition("=")
        if word == "raw":
            self.send(unescape(rest))
        elif word == "fill":
            count, _, text = rest.partition(":")
            self.send(unescape(text) * int(count))
        elif word == "read":
            print(self.read())
        elif word == "sleep":
            time.sleep(float(rest))
        elif word == "times":
            count, _, text = rest.partition(":")
            self.send(request(text) * int(count))
            for answer, often in collections.Counter(self.read() for _ in range(int(count))).items():
                print(f"{often} {answer}")
        elif word == "callers":
            self.callers(int(rest))
        else:
            self.send(request(step))
            print(self.read())

    def callers(self, count):
        self.others = [connect(self.address) for _ in range(count)]
        time.sleep(1)
        gone = 0
        for other in self.others:
            other.setblocking(False)
            try:
                gone += other.recv(1) == b""
            except BlockingIOError:
                pass
            except OSError:
                gone += 1
        print(gone)


def main():
    args = sys.argv[1:]
    if not args or args[0] in ("-h", "--help"):
        print(__doc__)
        return 64
    talk = Talk(args[0])
    for step in args[1:]:
        talk.step(step)
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
