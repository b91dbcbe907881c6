"""A configuration that is cut, gone, or being written while greenlaned reads it.

reload_faults.py WORLD PID WHAT [EACH]: in WORLD conf, vendors/steady.conf, vendors/hosts, daemon (its log) and run/socket. What is
wrong is said, and exit 1. WHAT is a function below; EACH: which of the bytes to cut at.
"""
import os
import re
import signal
import subprocess
import sys
import threading

from peer import Peer, connect, letter

WORLD, PID, WHAT = sys.argv[1], int(sys.argv[2]), sys.argv[3]
EACH = int((sys.argv[4:] or ["1"])[0])
VENDOR = letter("desk@steady.example")
FIRST, SECOND, ELSEWHERE = "192.0.2.1", "198.51.100.1", "203.0.113.9" # the vendor's host, its other one, nobody's
wrong = []


def path(name):
    return os.path.join(WORLD, name)


def read(name):
    with open(path(name), encoding="utf-8", errors="replace") as file:
        return file.read()


def write(name, text):
    with open(path(name), "w", encoding="utf-8") as file: # in place, as an editor may
        file.write(text)


def expect(holds, what):
    if not holds:
        wrong.append(what)


class Reloads:
    """Each reload ends with one line of the log."""

    def __init__(self):
        self.log = open(path("daemon"), encoding="utf-8", errors="replace")
        self.log.seek(0, os.SEEK_END)
        self.rest = ""

    def line(self):
        while "\n" not in self.rest:
            more = self.log.readline()
            self.rest += more
            if not more:
                threading.Event().wait(0.002)
        line, self.rest = self.rest.split("\n", 1)
        return line

    def hup(self):
        """What it said: whether the new one is in force, and all lines."""
        os.kill(PID, signal.SIGHUP)
        lines = []
        while not lines or ": reload: " not in lines[-1]:
            lines.append(self.line())
        return " in force, mode" in lines[-1], "\n".join(lines)


class Mail:
    """Of the vendor, from one client; a connection that is kept."""

    def __init__(self, client):
        self.peer = Peer(path("run/socket"))
        for command, data in connect(client):
            self.peer.give(command, data)

    def verdict(self, steps=VENDOR):
        return self.peer.deliver(steps)[:4]


def judged_as_before(mails, what):
    expect(mails[FIRST].verdict() == "pass", what + ": the vendor's mail is not taken")
    expect(mails[SECOND].verdict() == "550 ", what + ": mail of the other host is not refused")
    expect(mails[ELSEWHERE].verdict() == "550 ", what + ": forged mail is not refused")


def whole(rest):
    """Nothing is missing but what says nothing."""
    return re.fullmatch(r";?\s*(#.*\s*)?", rest)


def cuts(text):
    lines = [at for at in range(len(text)) if at == 0 or text[at - 1] == "\n"]
    return sorted(set(lines) | set(range(0, len(text), EACH)))


def cut(name):
    reloads, mails = Reloads(), {client: Mail(client) for client in (FIRST, SECOND, ELSEWHERE)}
    text = read(name)
    for at in cuts(text):
        write(name, text[:at])
        in_force, said = reloads.hup()
        what = "%s cut at byte %d" % (name, at)
        if whole(text[at:]):
            expect(in_force, what + " is whole, and not taken: " + said)
        else:
            expect(not in_force, what + " is in force: " + said)
            expect("the old policy stays in force" in said, what + ": the log does not say which policy is in force: " + said)
            # what is missing has no line
            expect(re.search(re.escape(path(name)) + r"(:\d+)?: ", said), what + ": the log does not name the file: " + said)
            expect(re.search(r":\d+: | is missing|no vendor is described", said), what + ": the log names no line: " + said)
        judged_as_before(mails, what)
    write(name, text)
    expect(reloads.hup()[0], name + " is whole again, and not taken")
    judged_as_before(mails, name + " is whole again")


def cut_conf():
    cut("conf")


def cut_vendor():
    cut("vendors/steady.conf")


def written():
    """Somebody writes another vendor file in place, byte by byte, while HUPs come: what is in force is the one or the other."""
    mails = {client: Mail(client) for client in (FIRST, SECOND, ELSEWHERE)}
    before = read("vendors/steady.conf")
    texts = [before.replace("192.0.2.", "198.51.100."), before]
    over = threading.Event()

    def writer():
        for text in texts * 2:
            with open(path("vendors/steady.conf"), "w", encoding="utf-8", buffering=1) as file:
                for at in range(0, len(text), 8):
                    file.write(text[at:at + 8])
                    file.flush()
                    over.wait(0.01)
        over.set()

    def hups():
        while not over.wait(0.003):
            os.kill(PID, signal.SIGHUP)

    threads = [threading.Thread(target=work) for work in (writer, hups)]
    for thread in threads:
        thread.start()
    while not over.is_set():
        # one of the two hosts is the vendor's, whichever file is in force; between the mails that may change
        expect(mails[ELSEWHERE].verdict() == "550 ", "forged mail is not refused")
        expect(mails[FIRST].verdict() in ("pass", "550 "), "the vendor's mail has another verdict")
        expect(mails[SECOND].verdict() in ("pass", "550 "), "its other mail has another verdict")
    for thread in threads:
        thread.join()
    settled(mails)


def settled(mails):
    reloads = Reloads()
    reloads.hup() # this may be the word on one that began before all was written
    expect(reloads.hup()[0], "it is written, and not taken")
    judged_as_before(mails, "after the last reload")


def held():
    """A message is held at each step while the vendor's hosts change: it is judged by those of its MAIL, the next by the new."""
    reloads, before = Reloads(), read("vendors/steady.conf")
    other = before.replace("192.0.2.", "198.51.100.")
    mail = Mail(FIRST)
    for at in range(2, len(VENDOR)):
        write("vendors/steady.conf", before)
        expect(reloads.hup()[0], "the first vendor file is not taken")
        for command, data in VENDOR[:at]:
            mail.peer.give(command, data)
        write("vendors/steady.conf", other)
        expect(reloads.hup()[0], "the other vendor file is not taken")
        expect(mail.verdict(VENDOR[at:]) == "pass", "held after step %d it is judged by another policy" % at)
        expect(mail.verdict() == "550 ", "the mail after it is not judged by the new one (%d)" % at)
    write("vendors/steady.conf", before)
    expect(reloads.hup()[0], "the first vendor file is not taken")


def gone():
    """Each file that was read is renamed away: the old policy stays, and status says it, before a HUP and after it."""
    reloads, mails = Reloads(), {client: Mail(client) for client in (FIRST, SECOND, ELSEWHERE)}
    for name in "conf", "vendors/steady.conf", "vendors/hosts":
        expect(ill() == "", name + ": status is ill at first: " + ill())
        held_mail = Mail(FIRST)
        for command, data in VENDOR[:3]:
            held_mail.peer.give(command, data)
        os.rename(path(name), path("away"))
        expect("ill: config-newer: " in ill(), name + " is gone, and status is well")
        for again in "first", "second":
            in_force, said = reloads.hup()
            what = "%s is gone, the %s reload" % (name, again)
            expect(not in_force and "the old policy stays in force" in said, what + ": the log: " + said)
            expect(path(name) in said or "no file 'steady.conf'" in said, what + ": the log does not name it: " + said)
            expect(re.search("ill: reload-failed: .*(No such file|no file)", ill()), what + ": status: " + ill())
            judged_as_before(mails, what)
        os.rename(path("away"), path(name))
        expect(reloads.hup()[0], name + " is back, and not taken")
        expect(ill() == "", name + " is back: " + ill())
        judged_as_before(mails, name + " is back")
        expect(held_mail.verdict(VENDOR[3:]) == "pass", name + ": a message that was held over all this is not taken")


def ill():
    """What status says is ill; asked by a copy of the configuration."""
    said = subprocess.run([os.environ["GREENLANE"], "-c", path("copy"), "status"], stdout=subprocess.PIPE, universal_newlines=True)
    return "\n".join(line for line in said.stdout.split("\n") if line.startswith("ill:"))


{one.__name__: one for one in (cut_conf, cut_vendor, written, held, gone)}[WHAT]()
print("\n".join(wrong[:20]))
sys.exit(bool(wrong))
