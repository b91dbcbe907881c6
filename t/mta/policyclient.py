#!/usr/bin/python3
"""A client of Postfix's policy delegation that says exactly what it is told and prints every answer.

usage: policyclient.py ADDRESS STEP...       ADDRESS is unix:PATH or inet:PORT@HOST

Steps, on one connection:
  NAME=VALUE,...   a request at RCPT with these attributes beside or in place of the usual ones; prints the action
  raw=TEXT         sends TEXT (\\n \\r \\0 \\xNN are understood) and reads nothing
  fill=N:TEXT      sends TEXT N times
  read             prints what comes: the action, "closed", or "silent" after two minutes
  times=N:NAME=VALUE,...   N requests sent at once; prints each different answer and how often it came
  connections=N        N further connections that say nothing; prints how many the server hung up on
  beside=N:NAME=VALUE,...  N further connections that each send this request, "%d" in it is their number
  halves=N         N further connections that each send the first half of a request
  asked=PORT       waits until a datagram lies unread at that UDP port of loopback
  waiting          prints how many of the further connections have been told nothing yet
  answers=TEXT     sends TEXT on each of them; prints each different answer and how often it came
"""
import collections
import re
import socket
import sys
import time

sys.dont_write_bytecode = True
from net import is_asked # noqa: E402

USUAL = dict(request="smtpd_access_policy", protocol_state="RCPT", protocol_name="ESMTP",
             client_address="203.0.113.66", client_name="unknown", client_port="4321", helo_name="mail.stranger.example",
             sender="eve@stranger.example", recipient="helpdesk@rx.example", sasl_username="", instance="1.2.3", size="0")
PATIENCE = 120.0 # seconds that only a broken server takes


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


class Connection:
    """One connection."""

    def __init__(self, address):
        self.socket, self.left = connect(address), b""

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

    def is_told(self):
        """Has it an answer, or been hung up on?"""
        self.socket.setblocking(False)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass
        finally:
            self.socket.settimeout(PATIENCE)
        return True


def print_counts(answers):
    for answer, often in collections.Counter(answers).items():
        print(f"{often} {answer}")


def wait_for(condition, *arguments):
    for _ in range(int(PATIENCE * 50)):
        if condition(*arguments):
            return
        time.sleep(0.02) # sleeps: until it looks again


class Talk:
    def __init__(self, address):
        self.address, self.connection, self.others = address, Connection(address), []

    def step(self, step):
        word, _, rest = step.partition("=")
        count, _, text = rest.partition(":")
        if word == "raw":
            self.connection.send(unescape(rest))
        elif word == "fill":
            self.connection.send(unescape(text) * int(count))
        elif word == "read":
            print(self.connection.read())
        elif word == "times":
            self.connection.send(request(text) * int(count))
            print_counts(self.connection.read() for _ in range(int(count)))
        elif word == "connections":
            self.more(int(count))
            # who came last is judged last
            wait_for(self.others[-1].is_told)
            print(sum(other.is_told() for other in self.others))
        elif word == "beside":
            self.more(int(count))
            for number, other in enumerate(self.others):
                other.send(request(text.replace("%d", str(number))))
        elif word == "halves":
            self.more(int(count))
            for other in self.others:
                other.send(request("")[:-len("size=0\n\n")])
        elif word == "asked":
            wait_for(is_asked, rest)
        elif word == "waiting":
            print(sum(not other.is_told() for other in self.others), "wait")
        elif word == "answers":
            for other in self.others:
                other.send(unescape(rest))
            print_counts(other.read() for other in self.others)
        else:
            self.connection.send(request(step))
            print(self.connection.read())

    def more(self, count):
        self.others = [Connection(self.address) for _ in range(count)]


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
