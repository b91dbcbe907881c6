#!/usr/bin/python3
"""An SMTP client that says exactly what it is told and prints every reply.

usage: smtp.py [-v] [-t SECONDS] [-b SOURCE] HOST:PORT STEP...

A reply is printed as one line: STEP, a tab, CODE, a tab, the texts joined by " | ". Steps:

  banner             reads the greeting
  ehlo=NAME          helo=NAME
  xclient=ATTRS      blank-separated, e.g. "ADDR=192.0.2.10 HELO=mx.example"; reads the new greeting too
  auth=USER:PASS     AUTH PLAIN
  mail=ADDRESS[ ARGS]  rcpt=ADDRESS[ ARGS]     the brackets are added
  rcpts=N:PATTERN    N recipients, "%d" is the number; prints one line for each different reply
  data=FILE          DATA, the file with CRLF line ends and dots doubled, "."; prints both replies
  datacut=FILE       DATA and the file without the final dot (for a client that goes away)
  rset  noop  quit
  raw=LINE           sends LINE (\\r \\n \\0 \\xNN are understood) and CRLF, reads a reply
  bytes=TEXT         sends without CRLF and reads nothing
  read               reads a reply
  drop               closes without QUIT

Exit: 0 when the conversation ran to its end, whatever the replies; 3 when the peer closed or fell silent.
"""
import base64
import re
import socket
import sys


class Gone(Exception):
    """The peer closed the connection or said nothing in time."""


class Client:
    def __init__(self, address, timeout, verbose, source):
        host, _, port = address.rpartition(":")
        source_address = (source, 0) if source else None
        self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout, source_address)
        self.file = self.socket.makefile("rb")
        self.verbose = verbose

    def show(self, who, data):
        if self.verbose:
            text = data if len(data) < 300 else data[:300] + b"..."
            print(who, text.decode("utf-8", "backslashreplace").rstrip("\r\n"), file=sys.stderr)

    def send(self, data):
        self.show("C:", data)
        try:
            self.socket.sendall(data)
        except OSError as e:
            raise Gone(f"cannot send: {e}")

    def reply(self):
        texts = []
        while True:
            try:
                line = self.file.readline(65536)
            except OSError as e:
                raise Gone(f"no reply: {e}")
            if not line.endswith(b"\n"):
                raise Gone("the server closed the connection")
            self.show("S:", line)
            line = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
            texts.append(line[4:])
            if line[3:4] != "-":
                return line[:3], " | ".join(texts)

    def command(self, step, line):
        self.send(line + b"\r\n")
        return self.say(step)

    def say(self, step):
        code, text = self.reply()
        print(f"{step}\t{code}\t{text}", flush=True)
        return code


def on_wire(text):
    """A message as DATA wants it: CRLF, dots doubled, a line end at the end. A bare CR stays."""
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    return b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)


def message(path):
    try:
        with open(path, "rb") as f:
            return on_wire(f.read())
    except OSError as e:
        sys.exit(f"smtp.py: {e}")


def path_of(value):
    address, blank, rest = value.partition(" ")
    return f"<{address}>{blank}{rest}".encode()


def unescape(text):
    table = {"r": b"\r", "n": b"\n", "0": b"\0", "\\": b"\\"}

    def one(m):
        return bytes([int(m[1][1:], 16)]) if len(m[1]) == 3 else table[m[1].decode()]

    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rn0\\])", one, text.encode())


def recipients(client, value):
    count, _, pattern = value.partition(":")
    seen = {}
    for n in range(int(count)):
        client.send(b"RCPT TO:<" + pattern.replace("%d", str(n)).encode() + b">\r\n")
        code, text = client.reply()
        seen.setdefault(code, []).append(text)
    for code, texts in seen.items():
        print(f"rcpts\t{code}\t{len(texts)} times: {texts[0]}", flush=True)


def run(client, step):
    verb, _, value = step.partition("=")
    if verb in ("banner", "read"):
        client.say(verb)
    elif verb in ("ehlo", "helo"):
        client.command(verb, f"{verb.upper()} {value}".encode())
    elif verb == "xclient":
        client.command(verb, f"XCLIENT {value}".encode())
    elif verb == "auth":
        user, _, password = value.partition(":")
        plain = base64.b64encode(f"\0{user}\0{password}".encode())
        client.command(verb, b"AUTH PLAIN " + plain)
    elif verb == "mail":
        client.command(verb, b"MAIL FROM:" + path_of(value))
    elif verb == "rcpt":
        client.command(verb, b"RCPT TO:" + path_of(value))
    elif verb == "rcpts":
        recipients(client, value)
    elif verb in ("data", "datacut"):
        content = message(value)
        if client.command("data", b"DATA") == "354":
            client.send(content)
            if verb == "data":
                client.command("dot", b".")
    elif verb in ("rset", "noop", "quit"):
        client.command(verb, verb.upper().encode())
    elif verb == "raw":
        client.command(verb, unescape(value))
    elif verb == "bytes":
        client.send(unescape(value))
    elif verb == "drop":
        client.socket.close()
    else:
        sys.exit(f"smtp.py: unknown step '{step}'; they are listed at its top")


def main(arguments):
    verbose, timeout, source = False, 120.0, None
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        if option == "-v":
            verbose = True
        elif option == "-t" and arguments:
            timeout = float(arguments.pop(0))
        elif option == "-b" and arguments:
            source = arguments.pop(0)
        else:
            sys.exit(__doc__)
    if len(arguments) < 2:
        sys.exit(__doc__)
    step = "connect"
    try:
        client = Client(arguments[0], timeout, verbose, source)
        for step in arguments[1:]:
            run(client, step)
    except (Gone, OSError) as e:
        print(f"{step.partition('=')[0]}\t---\t{e}", flush=True)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
