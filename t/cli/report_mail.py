#!/usr/bin/python3
"""report_mail.py FILE - reads a mail of greenlane report strictly; prints its subject and its text, or says what is wrong."""
import email
import email.policy
import html.parser
import re
import sys


def main():
    with open(sys.argv[1], "rb") as file:
        raw = file.read()
    for number, line in enumerate(raw.split(b"\n"), 1):
        if len(line) > 78 or re.search(rb"[^\x20-\x7e]", line) or line.startswith((b".", b"From ")):
            sys.exit("line %d: %r" % (number, line[:100]))
    mail = email.message_from_bytes(raw, policy=email.policy.strict)
    for name in ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version"):
        values = mail.get_all(name)
        if values is None or len(values) != 1 or values[0].defects:
            sys.exit("%s: %s" % (name, values))
    if mail["Date"].datetime is None or mail["Date"].datetime.year < 2026:
        sys.exit("Date: %s" % mail["Date"])
    if len(mail["From"].addresses) != 1 or mail["To"].addresses[0].domain != "mx.rx.example":
        sys.exit("From, To: %s, %s" % (mail["From"], mail["To"]))
    parts = list(mail.walk())
    if [part.get_content_type() for part in parts] != ["multipart/alternative", "text/plain", "text/html"]:
        sys.exit("parts: %s" % parts)
    for part in parts:
        if part.defects:
            sys.exit("%s: %s" % (part.get_content_type(), part.defects))
    page = parts[2].get_content()
    if "Is it safe to enforce?" not in page or 'id="safe"' in page or "<script" in page or "href=" in page:
        sys.exit("the HTML part is not the first screen")
    html.parser.HTMLParser().feed(page)
    print(mail["Subject"])
    print(parts[1].get_content(), end="")


if __name__ == "__main__":
    main()
