#!/usr/bin/python3
"""Odd messages through a real Postfix to greenlaned, and the same bytes to `greenlane explain`: do both judge alike?

usage: explain.py HOST:PORT GREENLANE CONFIG RECORD SIGNED-MESSAGE    prints TAP

Each message has an envelope sender of its own, which finds its record again. The oddities stand in PLAIN, whose
verdict is the author's, and in a signed message, where it is the signature's: one byte otherwise and it is another.
"""
import json
import subprocess
import sys
import time

import smtp

CLIENT, HELO, RCPT = "203.0.113.66", "mail.stranger.example", "helpdesk@rx.example"
PATIENCE = 120  # seconds for a record; only a broken greenlaned needs them

PLAIN = [
    ("a plain message", b"From: a@stranger.example\nMessage-ID: <1@x>\n\nbody\n"),
    ("a line without a colon", b"From: a@stranger.example\nno field\nFrom: b@deskhelp.example\n\nbody\n"),
    ("a line without a colon in front", b"no field\nFrom: a@deskhelp.example\n\nbody\n"),
    ("a bare CR inside From", b"From: Desk\rHelp <a@deskhelp.example>\nMessage-ID: <1@x>\n\nbody\n"),
    ("a bare CR that makes a fold", b"From: a@stranger.example,\n\rb@deskhelp.example\n\nbody\n"),
    ("a NUL inside From", b"From: a@stranger.example\0, b@deskhelp.example\nMessage-ID: <1@x>\n\nbody\n"),
    ("a NUL inside a fold", b"From: a@stranger.example,\n b@x.example\0c\n\nbody\n"),
    ("a NUL in front", b"\0From: a@deskhelp.example\n\nbody\n"),
    ("a byte order mark", b"\xef\xbb\xbfFrom: a@deskhelp.example\nMessage-ID: <1@x>\n\nbody\n"),
    ("an empty line in front", b"\nFrom: a@deskhelp.example\n\nbody\n"),
    ("a line of blanks in front", b" \nFrom: a@deskhelp.example\n\nbody\n"),
    ("a fold in front", b" From: a@deskhelp.example\nFrom: b@stranger.example\n\nbody\n"),
    ("the line of a mailbox file", b"From a@b Mon\nFrom: a@deskhelp.example\n\nbody\n"),
    ("a From field that looks like one", b"From : a@deskhelp.example\nTo: b\n\nbody\n"),
    ("a blank in front of the colon", b"To: b\nFrom : a@deskhelp.example\n\nbody\n"),
    ("a tab in front of the colon", b"To: b\nFrom\t: a@deskhelp.example\n\nbody\n"),
    ("a field without a name", b"From: a@stranger.example\n: x\nFrom: b@deskhelp.example\n\nbody\n"),
    ("an 8-bit name", b"From: a@stranger.example\nX-\xe9: x\nFrom: b@deskhelp.example\n\nbody\n"),
    ("a control character in a name", b"From: a@stranger.example\nX-\1: x\nFrom: b@deskhelp.example\n\nbody\n"),
    ("a line of blanks inside a field", b"From: a@stranger.example,\n \n b@deskhelp.example\n\nbody\n"),
    ("several CRs at the end of a line", b"From: a@stranger.example\r\r\nMessage-ID: <1@x>\r\r\n\r\nbody\n"),
    ("a From field without a blank", b"From:a@deskhelp.example\n\nbody\n"),
    ("a message without a body", b"From: a@deskhelp.example\nMessage-ID: <1@x>"),
    ("nothing at all", b""),
    ("Latin-1 in a display name", b"From: J\xf6rg <a@deskhelp.example>\n\nbody\n"),
]


def signed(message):
    """The same signed message, odd in ways of which some break its signature."""
    header, body = message.split(b"\n\n", 1)
    yield "a signed message", message
    yield "one with CRLF", message.replace(b"\n", b"\r\n")
    yield "one without a line end at its end", message.rstrip(b"\n")
    yield "one with a bare CR in its body", header + b"\n\n" + body.replace(b" note", b"\rnote", 1)
    yield "one with a NUL in its body", header + b"\n\n" + body.replace(b" note", b"\0note", 1)
    yield "one with CRs in front of each line end", message.replace(b"\n", b"\r\r\n")
    yield "one behind the line of a mailbox file", b"From a@b Mon\n" + message
    yield "one behind a byte order mark", b"\xef\xbb\xbf" + message
    yield "one behind an empty line", b"\n" + message
    yield "one with a dot in front of a line", header + b"\n\n." + body
    yield "one with a line without a colon below its fields", header + b"\nno field\n\n" + body
    yield "one with more empty lines at its end", message + b"\n\n\n"


def post(address, sender, message):
    client = smtp.Client(address, PATIENCE, False, None)
    client.reply()
    for line in (b"EHLO tester.example", b"XCLIENT NAME=[UNAVAILABLE] ADDR=%s HELO=%s" % (CLIENT.encode(), HELO.encode()),
                 b"EHLO " + HELO.encode(), b"MAIL FROM:<%s>" % sender.encode(), b"RCPT TO:<%s>" % RCPT.encode(), b"DATA"):
        client.send(line + b"\r\n")
        code, text = client.reply()
        if code[0] not in "23":
            sys.exit(f"Bail out! {line!r}: {code} {text}")
    client.send(smtp.on_wire(message) + b".\r\n")
    client.reply()
    client.send(b"QUIT\r\n")


def record_of(path, sender):
    """Waits for the record; the journal writes it when the answer is given already."""
    for _ in range(PATIENCE * 10):
        with open(path, encoding="utf-8") as file:
            for line in file:
                record = json.loads(line)
                if record["mail_from"] == sender:
                    return record
        time.sleep(0.1) # sleeps: until it looks again
    sys.exit(f"Bail out! no record of {sender}")


def explained(program, config, sender, message):
    done = subprocess.run([program, "-c", config, "explain", "--client", CLIENT, "--helo", HELO, "--mail-from", sender, "--rcpt",
                           RCPT, "--message", "-", "--json"], input=message, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return json.loads(done.stdout)


def essence(record):
    """What the bytes of the message decide. The rest is the daemon's alone: its greylist comes to know the senders."""
    facts = record["facts"]
    return {key: record[key] for key in ("outcome", "reason", "vendor", "from", "msgid", "spf", "dkim", "dmarc")} | {
        key: facts[key] for key in ("from_state", "from_raw", "vendors", "null_sender", "sender_domain")}


def main(address, program, config, records, message):
    with open(message, "rb") as file:
        cases = PLAIN + list(signed(file.read()))
    failed, seen = 0, set()
    for number, (name, message) in enumerate(cases, 1):
        sender = f"n{number}@stranger.example"
        post(address, sender, message)
        daemon = essence(record_of(records, sender))
        tool = essence(explained(program, config, sender, message))
        seen.add((daemon["outcome"], daemon["reason"]))
        print("ok" if daemon == tool else "not ok", number, "-", f"explain judges as the daemon does: {name}", flush=True)
        failed += daemon != tool
        for key in daemon:
            if daemon[key] != tool[key]:
                print(f"#   {key}: the daemon {daemon[key]!r}\n#   {key}: explain    {tool[key]!r}")
    # a comparison of verdicts that are all the same would show nothing
    good = {outcome for outcome, _ in seen} >= {"vouched", "forged", "stranger"}
    print("ok" if good else "not ok", len(cases) + 1, "-", "the messages met several outcomes")
    print(f"1..{len(cases) + 1}")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
