#!/usr/bin/python3
"""Mail of every outcome through a real Postfix, and the logs that a host would have of it.

usage: records.py send HOST:PORT N WORLD SIGNMAIL SEED [BEFORE]  sends N messages (records_world.sh), whose numbers begin
                                                         behind BEFORE (0); prints a line for each:
                                                         kind, expected outcome, expected action, client, Message-ID
       records.py compare KINDS RECORDS                  prints each message whose first try was not what its kind is for
       records.py typed RECORDS DIR GREENLANE CONF N     asks greenlane log for N of them; prints what is not found
       records.py forms GREENLANED-LOG MAILLOG DIR       the lines in the forms of mail logs

Every message has a sender, a recipient and a Message-ID of its own, and where its kind allows it a client of its own.
Clients are pretended with XCLIENT. What is told to come again comes again after greylist.delay.
"""
import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time

LANES = 4
DESK = b"Desk Help <noreply@deskhelp.example>"
NIGHT = b"Night Watch <alert@nightwatch.example>"
RELAY = b"from host.example (host.example [%s])\n\tby backup-mx.rx.example (Postfix) with ESMTP id 4bXabc;\n\tSun, 29 Nov 2026 08:00:00 +0000"


class Kind:
    """One way to send: sender, client and HELO may hold %d, the number of the message."""

    def __init__(self, name, outcome, action, client, helo, sender, author, **more):
        self.name, self.outcome, self.action = name, outcome, action
        self.client, self.helo, self.sender, self.author = client, helo, sender, author
        self.sign, self.alter, self.login = more.get("sign"), more.get("alter"), more.get("login")
        self.fields, self.rcpts, self.odd_id = more.get("fields", b""), more.get("rcpts", 1), more.get("odd_id")
        self.rcpt = more.get("rcpt")
        self.share = more.get("share", 1)


def ranges(pattern, first, last):
    return lambda n: pattern % (first + n % (last - first + 1))


def kinds():
    desk, night = "mail10.deskhelp.example", "uk.mailers.nightwatch.example"
    eve, stranger = b"Eve <eve%d@stranger.example>", "mail.stranger.example"
    listed, outside = ranges("192.0.2.%d", 1, 120), ranges("198.51.100.%d", 17, 31)
    strange = ranges("203.0.113.%d", 30, 120)
    return [
        Kind("listed", "vouched", "pass", listed, desk, "bounce%d@deskhelp.example", DESK, share=4),
        Kind("signed", "vouched", "pass", outside, "relay%d.cloud.example", "bounce%d@deskhelp.example", DESK, sign="rsa", share=2),
        Kind("signed-ed25519", "vouched", "pass", outside, "relay%d.cloud.example", "b%d@deskhelp.example", DESK, sign="ed25519"),
        Kind("ipv6", "vouched", "pass", ranges("2001:db8:10::%x", 1, 60000), desk, "bounce%d@deskhelp.example", DESK),
        Kind("a-record", "vouched", "pass", "198.51.100.40", night, "alert%d@nightwatch.example", NIGHT, share=2),
        Kind("cidr-one", "vouched", "pass", ranges("203.0.113.%d", 129, 190), "out.plant.example", "p%d@plant.example",
             b"Plant <p%d@plant.example>", share=2),
        Kind("cidr-two", "vouched", "pass", ranges("198.51.100.%d", 225, 238), "out.plant.example", "p%d@plant.example",
             b"Plant <p%d@plant.example>", share=2),
        Kind("null-signed", "vouched", "pass", listed, desk, "", DESK, sign="rsa"),
        Kind("several", "vouched", "pass", listed, desk, "bounce%d@deskhelp.example", DESK, rcpts=3),
        Kind("unproven", "unproven", "greylist", "198.51.100.40", night, "news%d@stranger.example", NIGHT),
        Kind("forged-author", "forged", "reject", strange, stranger, "bulk%d@stranger.example", DESK, share=2),
        Kind("forged-envelope", "forged", "reject", strange, stranger, "bounce%d@deskhelp.example", eve),
        Kind("forged-null", "forged", "reject", strange, stranger, "", DESK),
        Kind("forged-plant", "forged", "reject", strange, stranger, "p%d@plant.example", b"p%d@plant.example"),
        Kind("altered", "forged", "reject", strange, stranger, "bounce%d@deskhelp.example", DESK, sign="rsa", alter=True),
        Kind("two-froms", "forged", "reject", strange, stranger, "bulk%d@stranger.example", DESK, fields=b"From: " + eve + b"\n"),
        Kind("beside", "forged", "reject", listed, desk, "bounce%d@deskhelp.example", DESK + b", " + eve, sign="rsa"),
        Kind("unreadable", "forged", "reject", strange, stranger, "bulk%d@stranger.example",
             b"noreply@deskhelp.example <eve%d@stranger.example"),
        Kind("abuse", "forged", "pass", strange, stranger, "bulk%d@stranger.example", DESK, rcpt="abuse@rx.example"),
        Kind("watched", "forged", "greylist", strange, stranger, "q%d@quiet.example", b"q%d@quiet.example"),
        Kind("tagged", "forged", "tag", strange, stranger, "l%d@lenient.example", b"l%d@lenient.example"),
        Kind("unsure", "unsure", "defer", strange, "out.dead.example", "d%d@dead.example", b"d%d@dead.example", share=2),
        Kind("stranger", "stranger", "greylist", strange, stranger, "eve%d@stranger.example", eve, share=4),
        Kind("code", "stranger", "greylist", strange, "mail.code.example", "code%d@code.example", b"Your code <code%d@code.example>"),
        Kind("stranger-null", "stranger", "greylist", strange, "host%d.stranger.example", "", eve),
        Kind("stranger-several", "stranger", "greylist", strange, stranger, "eve%d@stranger.example", eve, rcpts=3),
        Kind("odd-bytes", "stranger", "greylist", strange, "odd%d.example", "o\\dd%d@stranger.example",
             b"J\xfcrgen \xef\x9e\x80 \"O'Hara\" <eve%d@stranger.example>", odd_id=True),
        Kind("no-from", "stranger", "greylist", strange, stranger, "eve%d@stranger.example", None),
        Kind("postmaster", "stranger", "pass", strange, stranger, "eve%d@stranger.example", eve, rcpt="postmaster@rx.example"),
        Kind("dmarc-reject", "stranger", "reject", strange, "h.bank.example", "b%d@bank.example", b"b%d@bank.example"),
        Kind("dmarc-quarantine", "stranger", "greylist", strange, "h.shop.example", "s%d@shop.example", b"s%d@shop.example"),
        Kind("dmarc-test", "stranger", "greylist", strange, "h.test.example", "t%d@test.example", b"t%d@test.example"),
        Kind("own-network", "exempt", "pass", ranges("198.51.100.%d", 161, 174), "pc%d.rx.example", "me%d@rx.example", b"me%d@rx.example"),
        Kind("login", "exempt", "pass", strange, "laptop%d.example", "me%d@rx.example", b"me%d@rx.example", login=True),
        Kind("hidden", "unproven", "greylist", ranges("10.1.2.%d", 1, 250), "pod%d.local.example", "bounce%d@deskhelp.example", DESK),
        Kind("hidden-signed", "vouched", "pass", ranges("100.64.0.%d", 1, 250), "pod%d.local.example", "b%d@deskhelp.example",
             DESK, sign="rsa"),
        Kind("relayed", "vouched", "pass", "198.51.100.5", "backup-mx.rx.example", "bounce%d@deskhelp.example", DESK,
             fields=b"Received: " + RELAY % b"192.0.2.77" + b"\n"),
        Kind("relayed-forged", "forged", "quarantine", "198.51.100.5", "backup-mx.rx.example", "bounce%d@deskhelp.example", DESK,
             fields=b"Received: " + RELAY % b"203.0.113.66" + b"\n"),
        Kind("forwarded", "unproven", "tag", "198.51.100.6", "uni.example", "bulk%d@uni.example", NIGHT),
        Kind("forwarded-forged", "forged", "quarantine", "198.51.100.6", "uni.example", "bulk%d@uni.example", DESK),
        Kind("own-forged", "forged", "defer", strange, stranger, "boss%d@rx.example", b"The Boss <boss%d@rx.example>"),
        Kind("own-outbound", "vouched", "pass", "203.0.113.25", "branch.rx.example", "boss%d@rx.example", b"boss%d@rx.example"),
        Kind("own-delegated", "vouched", "pass", listed, desk, "bounce%d@deskhelp.example", b"boss%d@rx.example"),
        Kind("own-undelegated", "forged", "defer", "198.51.100.40", night, "boss%d@rx.example", b"boss%d@rx.example"),
    ]


class Message:
    def __init__(self, kind, number, signed):
        self.kind, self.number = kind, number
        self.client = kind.client(number) if callable(kind.client) else kind.client
        self.helo, self.sender = kind.helo.replace("%d", str(number)), kind.sender.replace("%d", str(number))
        self.rcpts = [kind.rcpt or f"u{number}-{i}@rx.example" for i in range(kind.rcpts)]
        self.id = b"<%d.%s@gen.example>" % (number, kind.name.encode())
        if kind.odd_id:
            self.id = b"<%d \"odd\" \xff\\\xef\x9e\x80 =%%@gen.example>" % number
        self.text = self.make(signed)

    def author(self):
        return self.kind.author.replace(b"%d", str(self.number).encode()) if self.kind.author else None

    def make(self, signed):
        if self.kind.sign:
            head = signed(self.kind, self.author())
            head = head.replace(b"493 027", b"111 111") if self.kind.alter else head
        else:
            head = unsigned(self.author())
        return b"Message-ID: " + self.id + b"\n" + self.kind.fields.replace(b"%d", str(self.number).encode()) + head


def unsigned(author):
    head = b"From: %s\n" % author if author is not None else b""
    return head + (b"To: helpdesk@rx.example\nSubject: Ticket T20261121.0042 has a new note\n"
                   b"Date: Sat, 21 Nov 2026 10:00:00 +0000\n\nYour one-time code is 493 027.\n")


class Signer:
    """Message-ID is not among what is signed, so one signature serves all messages with the same author."""

    def __init__(self, program, keys):
        self.program, self.keys, self.made, self.lock = program, keys, {}, threading.Lock()

    def __call__(self, kind, author):
        with self.lock:
            if (kind.sign, author) not in self.made:
                options = {"rsa": ["--s", "s1"], "ed25519": ["--s", "e1", "--a", "ed25519-sha256"]}[kind.sign]
                text = unsigned(author).replace(b"Sat, 21 Nov 2026 10:00:00 +0000", time.strftime(
                    "%a, %d %b %Y %H:%M:%S +0000", time.gmtime()).encode())
                self.made[kind.sign, author] = subprocess.run(
                    [self.program, "--key", f"{self.keys}/{kind.sign}.pem", "--d", "deskhelp.example", *options,
                     "--h", "from:to:subject:date"], input=text, stdout=subprocess.PIPE, check=True).stdout
            return self.made[kind.sign, author]


class Session:
    """One connection; each message begins with an XCLIENT."""

    def __init__(self, at):
        host, _, port = at.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), 120)
        self.file = self.socket.makefile("rb")
        self.reply()
        self.say(b"EHLO tester.example")

    def reply(self):
        while True:
            line = self.file.readline(65536)
            if not line.endswith(b"\n"):
                raise ConnectionError("Postfix closed the connection")
            if line[3:4] != b"-":
                return int(line[:3]), line

    def say(self, line):
        self.socket.sendall(line + b"\r\n")
        return self.reply()

    def send(self, message):
        """The code that decided, and how many verdicts that makes: a recipient refused at RCPT has one of its own."""
        address = f"IPV6:{message.client}" if ":" in message.client else message.client
        login = " LOGIN=alice" if message.kind.login else " LOGIN=[UNAVAILABLE]"
        self.say(f"XCLIENT NAME=[UNAVAILABLE] ADDR={address} HELO={message.helo}{login}".encode())
        self.say(b"EHLO " + message.helo.encode())
        code, _ = self.say(b"MAIL FROM:<" + message.sender.encode() + b">")
        if code >= 400:
            return code
        codes = [self.say(b"RCPT TO:<" + rcpt.encode() + b">")[0] for rcpt in message.rcpts]
        if min(codes) >= 400:
            self.say(b"RSET")
            return codes[0]
        self.say(b"DATA")
        self.socket.sendall(b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n"
                                     for line in message.text.split(b"\n")[:-1]))
        return self.say(b".")[0]


def send_all(at, messages, again=False):
    """The codes, in the order of the messages."""
    codes, todo, lock, faults = [None] * len(messages), list(range(len(messages)))[::-1], threading.Lock(), []

    def lane():
        try:
            session = Session(at)
            while True:
                with lock:
                    if not todo or faults:
                        break
                    i = todo.pop()
                codes[i] = session.send(messages[i])
                if again and 400 <= codes[i] < 500 and messages[i].number % 5 == 0:
                    session.send(messages[i])  # at once, which is too early for the greylist
            session.say(b"QUIT")
        except (OSError, ValueError) as fault:
            faults.append(fault)

    lanes = [threading.Thread(target=lane) for _ in range(LANES)]
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    if faults:
        sys.exit(f"records.py: {faults[0]}")
    return codes


def send(at, count, world, program, seed, before=0):
    signed, chance = Signer(program, f"{world}/keys"), random.Random(int(seed))
    turn = [kind for kind in kinds() for _ in range(kind.share)]
    messages = [Message(turn[i % len(turn)], i + 1, signed) for i in range(int(before), int(before) + int(count))]
    chance.shuffle(messages)
    codes = send_all(at, messages, True)
    again = [message for message, code in zip(messages, codes) if 400 <= code < 500]
    sent = len(messages) + len(again) + sum(message.number % 5 == 0 for message in again)
    time.sleep(3)  # sleeps: greylist.delay is two seconds
    send_all(at, again)
    with open(f"{world}/sent.count", "w", encoding="ascii") as out:
        out.write(f"{sent}\n")
    for message in sorted(messages, key=lambda one: one.number):
        print(message.kind.name, message.kind.outcome, message.kind.action, message.client,
              message.id.decode("latin-1"), sep="\t")


def compare(expected, records):
    """Prints what is otherwise than its kind at a message's first try."""
    first, kind = {}, {}
    with open(expected, encoding="utf-8") as f:
        for line in f:
            name, outcome, action, _, message_id = line.rstrip("\n").split("\t")
            kind[message_id.partition(" ")[0].partition(".")[0]] = (name, outcome, action)
    with open(records, encoding="utf-8") as f:
        for line in f:
            record = json.loads(line)
            number = number_of(record)
            if number and number not in first:
                first[number] = (record["outcome"], record["action"], record["reason"])
    for number, (name, outcome, action) in kind.items():
        got = first.get(number, ("nothing", "nothing", ""))
        if got[:2] != (outcome, action):
            print(f"{number}: {name}: {outcome}, {action} expected, got {', '.join(got)}")


def number_of(record):
    """A message that was refused at RCPT has no Message-ID yet; its recipient and sender have the number."""
    if record["msgid"] != "-":
        return record["msgid"].partition(" ")[0].partition(".")[0]
    for rcpt in record["rcpts"]:
        if rcpt.startswith("u"):
            return "<" + rcpt[1:].partition("-")[0]
    return None


def typed(path, folder, program, conf, count):
    """Asks `greenlane log` for messages, by each handle and in each form in turn; prints what is not found."""
    with open(path, encoding="utf-8") as f:
        records = [json.loads(line) for line in f]
    names = sorted(os.listdir(folder))
    for i in range(min(int(count), len(records))):
        record = records[i * len(records) // int(count) % len(records)]
        handles = [[record["id"]], [record["qid"]], ["--rcpt", record["rcpts"][-1]], ["--client", record["client"]],
                   ["--since", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(record["id"].partition(".")[0], 16))),
                    "--until", record["time"]]]
        if plain(record["msgid"]):
            handles += [["--", record["msgid"]], ["--", record["msgid"].strip("<>")]]
        if plain(record["mail_from"]) and "@" in record["mail_from"]:
            handles += [["--from", record["mail_from"]]]
        handles += [["--vendor", record["vendor"]]] if record["vendor"] != "-" else []
        handle, name = handles[i % len(handles)], names[i // len(handles) % len(names)]
        run = subprocess.run([program, "log", "-c", conf, "-f", f"{folder}/{name}", "--json", *handle], stdout=subprocess.PIPE)
        found = json.loads(run.stdout) if run.returncode == 0 else []
        if not any(one["id"] == record["id"] for message in found for one in message["tries"]):
            print(f"{record['id']} is not found in {name} by {' '.join(handle)}: exit {run.returncode}")


def plain(text):
    return text != "-" and text.isascii()


# ---- the forms of mail logs ----

def stamp(line):
    """The second in which the message of a verdict came."""
    found = re.search(rb"id=([0-9a-f]+)\.", line)
    return int(found[1], 16) if found else None


def journal(seconds, program, text):
    try:
        message = text.decode("ascii")
    except UnicodeDecodeError:
        message = list(text)  # as journalctl does
    return json.dumps({"__REALTIME_TIMESTAMP": str(seconds * 1000000), "_HOSTNAME": "mx", "PRIORITY": "6",
                       "SYSLOG_IDENTIFIER": program, "_PID": "123", "MESSAGE": message}).encode()


def forms(ours, theirs, folder):
    with open(ours, "rb") as f:
        lines = [b"greenlaned[123]: " + line[line.index(b"greenlaned: ") + 12:].rstrip(b"\n") for line in f if b"greenlaned: " in line]
    with open(theirs, "rb") as f:
        others = [line.rstrip(b"\n").split(b" ", 4)[-1] for line in f]
    out = {name: open(os.path.join(folder, name), "wb") for name in ("iso.log", "old.log", "short.log", "journal.json")}
    now = next((stamp(line) for line in lines if stamp(line)), 0)
    for i, line in enumerate(lines):
        now = stamp(line) or now
        pair = [line] + ([b"postfix/" + others[i].split(b"postfix/")[-1]] if i < len(others) and b": " in others[i] else [])
        for text in pair:
            when = time.gmtime(now)
            out["iso.log"].write(time.strftime("%Y-%m-%dT%H:%M:%S.123456+00:00 mx ", when).encode() + text + b"\n")
            out["old.log"].write(time.strftime("%b %e %H:%M:%S mx ", when).encode() + text + b"\n")
            out["short.log"].write(time.strftime("%Y-%m-%dT%H:%M:%S+0000 mx ", when).encode() + text + b"\n")
            program, _, rest = text.partition(b": ")
            out["journal.json"].write(journal(now, program.partition(b"[")[0].decode("ascii", "replace"), rest) + b"\n")
    for file in out.values():
        file.close()


def main(arguments):
    commands = {"send": (5, send), "compare": (2, compare), "typed": (5, typed), "forms": (3, forms)}
    count, command = commands.get(arguments[0] if arguments else "", (None, None))
    if command is None or len(arguments) - 1 not in (count, count + (command == send)):
        sys.exit(__doc__)
    command(*arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
