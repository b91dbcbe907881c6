"""Hands greenlaned mail that has the word "qxzq" in every place where an address may stand, as an MTA would.

privacy.py SOCKET: prints a line for each mail, its name and what became of it. The dialogue is libmilter's, version 6.
"""
import sys

sys.dont_write_bytecode = True
from milter_peer import MilterPeer, connect_data, z

LONG = b"qxzq" * 200
HEADERS = [(b"From", b" Qxzq <qxzq.author@desk.example>, \"qxzq two\"@x.example"), (b"Reply-To", b" qxzq.reply@elsewhere.example"),
           (b"Sender", b" qxzq.sender@x.example"), (b"Message-ID", b" <qxzq.id@host.example>"), (b"Subject", b" qxzq")]


def author(value, identity=b" <qxzq.id@host.example>"):
    return [(b"From", value), (b"Message-ID", identity), (b"Subject", b" qxzq")]


# name, sender, recipients, fields, and what else differs
MAILS = [
    ("plain", b"<qxzq.from@desk.example>", [b"<qxzq.to@rx.example>", b"<Qxzq.Two@rx.example>"], HEADERS, {}),
    ("stranger", b"<qxzq.from@elsewhere.example>", [b"<qxzq.to@rx.example>"], author(b" qxzq@elsewhere.example"), {}),
    ("again", b"<qxzq.from@elsewhere.example>", [b"<qxzq.to@rx.example>"], author(b" qxzq@elsewhere.example"), {}),
    ("quoted", b"<\"qxzq a\"@x.example>", [b"<\"qxzq@inner\"@rx.example>"], author(b" \"qxzq, b\" <\"qxzq c\"@x.example>"), {}),
    ("utf8", "<qxzqü@x.example>".encode(), ["<ü.qxzq@rx.example>".encode()], author("qxzqß <qxzqü@x.example>".encode()), {}),
    ("null", b"<>", [b"<qxzqpostmaster>"], author(b" qxzq@x.example (qxzq)"), {}),
    ("bare", b"<qxzqbare>", [b"<postmaster>", b"<qxzq>"], author(b" qxzqbare"), {}),
    ("literal", b"<qxzq@[192.0.2.1]>", [b"<qxzq@[IPv6:::1]>"], author(b" qxzq@[192.0.2.1]", b" qxzq-no-angles"), {}),
    ("long", b"<" + LONG + b"@x.example>", [b"<" + LONG + b"@rx.example>"], author(b" " + LONG + b"@x.example", b" <" + LONG + b"@" + LONG + b">"), {}),
    ("odd", b"<qxzq..s@b.example>", [b"<qxzq(ss@b..example>", b"<qxzq@qxzq@rx.example>"], author(b" qxzq..s@b.example"), {}),
    ("route", b"<@hop.example:qxzq@x.example>", [b"<@hop.example:qxzq@rx.example>"], author(b" <@hop.example:qxzq@x.example>"), {}),
    ("malformed", b"<qxzq@x.example>", [b"<qxzq@rx.example>"], author(b" qxzq [bad <qxzq@desk.example> qxzq,,;"), {}),
    ("two-from", b"<qxzq@x.example>", [b"<qxzq@rx.example>"], author(b" qxzq@x.example") + author(b" qxzq.b@desk.example"), {}),
    ("no-from", b"<qxzq@x.example>", [b"<qxzq@rx.example>"], [(b"Subject", b" qxzq")], {}),
    ("srs", b"<SRS0=qxzq=tt=x.example=qxzq@fwd.example>", [b"<prvs=123qxzq=qxzq@rx.example>"], author(b" qxzq+ext@x.example"), {}),
    ("helo", b"<>", [b"<qxzq@rx.example>"], author(b" qxzq@x.example"), {"helo": b"qxzq@helo.example"}),
    ("login", b"<qxzq@x.example>", [b"<qxzq@rx.example>"], author(b" qxzq@x.example"), {"login": b"qxzq.login"}),
    ("macro", b"<qxzq.macro@macro.example>", [b"<qxzq@rx.example>"], author(b" qxzq@macro.example"), {}),
    ("macro-turned", b"<a-qxzq@turned.example>", [b"<qxzq@rx.example>"], author(b" qxzq@turned.example"), {}),
    ("macro-silent", b"<qxzq.macro@silent.example>", [b"<qxzq@rx.example>"], author(b" qxzq@silent.example"), {}),
    ("vouched", b"<qxzq.bounce@desk.example>", [b"<qxzq@rx.example>"], author(b" qxzq@desk.example"), {"client": b"192.0.2.7"}),
    ("mailbox", b"<qxzq.box@box.example>", [b"<qxzq@rx.example>"], author(b" qxzq.box@box.example"), {"client": b"198.51.100.7"}),
    ("delayed", b"<qxzq.bounce@desk.example>", [b"<qxzq@rx.example>"], author(b" qxzq@desk.example"),
     {"client": b"192.0.2.7", "refused": b"450 4.2.0 <qxzq@rx.example>: Recipient address rejected: Greylisted qxzq"}),
]


class Milter(MilterPeer):
    def macros(self, command, *pairs):
        self.send("D", command.encode() + z(*pairs))

    def step(self, command, data, name):
        """False: it was refused, and that was said."""
        self.send(command, data)
        reply, said = self.receive()
        while reply in "hmijeqp+-":
            reply, said = self.receive()
        if reply in "cas":
            return True
        print(name, said.rstrip(b"\0").decode(errors="replace") or "refused", flush=True)
        return False


def recipient(milter, name, path, other):
    if "refused" in other:
        milter.macros("R", b"{rcpt_mailer}", b"error", b"{rcpt_host}", b"4.2.0", b"{rcpt_addr}", other["refused"])
    milter.step("R", z(path), name)


def deliver(path, name, sender, recipients, fields, other):
    # without the bits by which a filter leaves commands out or unanswered; with SMFIP_RCPT_REJ
    milter = Milter(path, 0x800)
    if not milter.step("C", connect_data(other.get("client", b"203.0.113.5")), name):
        return
    milter.step("H", z(other.get("helo", b"client.example")), name)
    if "login" in other:
        milter.macros("M", b"{auth_authen}", other["login"])
    if not milter.step("M", z(sender), name):
        return
    for recipient_path in recipients:
        recipient(milter, name, recipient_path, other)
    if "refused" in other:
        milter.send("A")
        milter.send("Q")
        print(name, "gone", flush=True)
        return
    if not milter.step("T", b"", name):
        return
    for field, value in fields:
        milter.step("L", z(field, value), name)
    milter.step("N", b"", name)
    if milter.step("E", b"", name):
        print(name, "pass", flush=True)


for mail in MAILS:
    deliver(sys.argv[1], *mail)
