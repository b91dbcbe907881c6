#!/usr/bin/python3
"""Mail to several MX hosts, and a ledger of what became of each message; for fleet.sh.

usage: fleet.py LEDGER send HOST:PORT CLIENT SENDER    one message; prints the reply
       fleet.py LEDGER crowd COUNT HOST:PORT...        COUNT clients, 198.19.N.5, each at all hosts in the same moment
       fleet.py LEDGER load STOP NAME HOST:PORT        thirty messages a second, at most until the file STOP is there: strangers, each
                                                       fourth one of a known tuple, each fourth one a vendor's
       fleet.py LEDGER judge KEYS HOST:PORT=MAILDIR... each message deferred had its key in Redis right then, or has it in the
                                                       file KEYS where none could be asked; each accepted one was delivered, once,
                                                       and no other
The ledger has a line a message: host, Message-ID, code, sender, client, was it stored (yes, no, - when no Redis could be
asked), the reply. FLEET_REDIS: HOST:PORT,... of the servers where a record may be; REDISCLI_AUTH: their password.
"""
import collections
import os
import socket
import sys
import threading
import time

RCPT = "helpdesk@rx.example"
KNOWN = "known@stranger.example"
VENDOR = "noreply@deskhelp.example"
STRANGER_CLIENT, VENDOR_CLIENT = "203.0.113.66", "192.0.2.10"


def key_of(sender, client):
    network = f"{client.rpartition('.')[0]}.0/24"
    return f"greenlane:g {sender} {RCPT} {'@stranger.example' if client == STRANGER_CLIENT else network}"  # SPF passes


# ---- Redis, asked beside the greylist ----


def redis_has(server, key):
    """True, False, or None where it does not say."""
    host, _, port = server.partition(":")
    words = ["EXISTS", key]
    commands = [["AUTH", os.environ["REDISCLI_AUTH"]]] if os.environ.get("REDISCLI_AUTH") else []
    try:
        with socket.create_connection((host, int(port)), 1) as peer:
            peer.settimeout(1)
            for words in commands + [words]:
                peer.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
            lines = peer.makefile("rb")
            replies = [lines.readline() for _ in range(len(commands) + 1)]
    except OSError:
        return None
    return {b":1\r\n": True, b":0\r\n": False}.get(replies[-1])


def stored(sender, client):
    said = [redis_has(server, key_of(sender, client)) for server in os.environ["FLEET_REDIS"].split(",")]
    return "yes" if True in said else "-" if None in said else "no"


# ---- SMTP ----


class Refused(Exception):
    pass


class Talk:
    def __init__(self, at, client):
        host, _, port = at.partition(":")
        self.peer = socket.create_connection((host, int(port)), 120, (client, 0))
        self.lines = self.peer.makefile("rb")

    def reply(self, good):
        while True:
            line = self.lines.readline(65536).decode("utf-8", "replace").rstrip("\r\n")
            if not line:
                raise OSError("the server closed the connection")
            if line[3:4] != "-":
                break
        if not line.startswith(good):
            raise Refused(line)
        return line

    def say(self, line, good="2"):
        self.peer.sendall(line.encode() + b"\r\n")
        return self.reply(good)

    def greet(self, helo):
        self.reply("2")
        self.say(f"EHLO {helo}")

    def mail(self, sender, name):
        self.say(f"MAIL FROM:<{sender}>")
        self.say(f"RCPT TO:<{RCPT}>")
        self.say("DATA", "3")
        return self.say(f"From: <{sender}>\r\nTo: <{RCPT}>\r\nSubject: A note\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\n"
                        f"Message-ID: <{name}@fleet>\r\n\r\nA note was added.\r\n.")


def send(ledger, at, client, sender, name, before=lambda: None):
    try:
        talk = Talk(at, client)
        talk.greet("mail.stranger.example")
        before()
        try:
            reply = talk.mail(sender, name)
        except Refused as refusal:
            reply = str(refusal)
        talk.peer.sendall(b"QUIT\r\n")
    except (OSError, Refused) as trouble:
        reply = f"--- {trouble}"
    kept = stored(sender, client) if reply.startswith("4") else "-"
    ledger.write("\t".join((at, name, reply[:3], sender, client, kept, reply)) + "\n")
    return reply


# ---- commands ----


def word(number):
    """Letters alone: a greylist takes digits for what changes from mail to mail."""
    return ("" if number < 26 else word(number // 26 - 1)) + chr(ord("a") + number % 26)


def crowd(ledger, count, hosts):
    def one(number, at, together):
        send(ledger, at, f"198.19.{number + 1}.5", f"crowd-{word(number)}@stranger.example",
             f"crowd-{number}-{at.replace(':', '-')}", together.wait)

    threads = []
    for number in range(count):
        together = threading.Barrier(len(hosts))
        threads += [threading.Thread(target=one, args=(number, at, together)) for at in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def load(ledger, stop, name, at):
    number = 0
    while not os.path.exists(stop):
        kind = number % 4
        sender = {2: KNOWN, 3: VENDOR}.get(kind, f"{name}-{word(number)}@stranger.example")
        client = VENDOR_CLIENT if kind == 3 else STRANGER_CLIENT
        send(ledger, at, client, sender, f"{name}-{number}")
        number += 1
        time.sleep(0.1)  # sleeps: it is a load of thirty messages a second, at most


def delivered(maildir):
    names = collections.Counter()
    folder = os.path.join(maildir, "new")
    for file in os.listdir(folder) if os.path.isdir(folder) else []:
        with open(os.path.join(folder, file), encoding="utf-8", errors="replace") as mail:
            names.update(line.partition("<")[2].partition("@")[0] for line in mail if line.startswith("Message-ID: <"))
    return names


def faults_of(lines, keys, boxes):
    faults = collections.defaultdict(list)
    for line in lines:
        at, name, code, sender, client, kept, _ = line
        count = boxes[at][name]
        if code == "250" and count != 1:
            faults["accepted, and not delivered" if count == 0 else "delivered twice"].append(line)
        elif code != "250" and count:
            faults["deferred, and delivered"].append(line)
        if code == "451" and (kept == "no" or kept == "-" and key_of(sender, client) not in keys):
            faults["deferred without a record"].append(line)
        if code == "451" and sender in (KNOWN, VENDOR) and name.startswith("load-"):
            faults["deferred, though known or vouched for"].append(line)
        if code not in ("250", "451"):
            faults["without a sensible answer"].append(line)
    return faults


def judge(path, keys_path, maildirs):
    with open(path, encoding="utf-8") as ledger, open(keys_path, encoding="utf-8") as keys_file:
        lines = [line.rstrip("\n").split("\t") for line in ledger]
        keys = set(keys_file.read().splitlines())
    for _ in range(1200):
        faults = faults_of(lines, keys, {at: delivered(box) for at, box in maildirs.items()})
        if not faults["accepted, and not delivered"]:
            break
        time.sleep(0.1)  # sleeps: until it looks again
    codes = collections.Counter(line[2] for line in lines)
    seen = sum(line[5] == "yes" for line in lines)
    print(f"{len(lines)} messages, {codes['250']} accepted, {codes['451']} deferred, {seen} of them seen in Redis at once")
    for fault, those in faults.items():
        for line in those[:5]:
            print(f"# {fault}: {line}", file=sys.stderr)
    return bool(lines) and not any(faults.values())


def main(path, command, *rest):
    if command == "judge":
        return 0 if judge(path, rest[0], dict(pair.split("=", 1) for pair in rest[1:])) else 1
    with open(path, "a", buffering=1, encoding="utf-8") as ledger:
        if command == "send":
            print(send(ledger, *rest, f"{rest[2].partition('@')[0]}-{os.getpid()}"))
        elif command == "crowd":
            crowd(ledger, int(rest[0]), rest[1:])
        elif command == "load":
            load(ledger, *rest)
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
