"""t/bounds.py - compares LIMITS of greenlaned(8) with the sources, and both with t/bounds; prints TAP. Called by t/bounds.sh."""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# where what comes from outside is met: whoever adds a limit there adds a line to t/bounds
FOLDERS = ("policy/dns", "policy/mail", "policy/rules", "policy/sources", "policy/verdict", "milter/system", "milter/checks",
           "milter/store", "milter/state", "milter/smtp", "milter/peers")
UNITS = {"KiB": 1024, "MiB": 1024 * 1024, "minutes": 60}


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def constant(name, path):
    """The value of an enum's constant; it may be a product, and name others of its file."""
    found = re.search(r"\b%s\s*=\s*([\w *+-]+)" % name, re.sub(r"/\*.*?\*/", "", read(path), flags=re.S))
    if found is None:
        return None
    text = re.sub(r"[A-Z_]{2,}", lambda other: str(constant(other[0], path)), found[1])
    return eval(text, {"__builtins__": {}}) if re.fullmatch(r"[\d *+-]+", text) else None


def number(words):
    """"8 KiB", "1,000", "10 minutes" as a number."""
    value, _, unit = words.partition(" ")
    return int(value.replace(",", "")) * UNITS.get(unit, 1) if re.fullmatch(r"[\d,]+", value) else None


def setting(key):
    found = re.search(r'\{ "%s", &\w+, "([^"]*)"' % re.escape(key), read("policy/config/policy_settings.c"))
    return found and found[1]


def manual():
    """Limit: (value, setting or "") of each item of the list."""
    section = read("doc/greenlaned.8").split(".Sh LIMITS\n")[1].split("\n.Sh ")[0]
    rows = {}
    for limit, value in re.findall(r"^\.It (.*)\n\.?(.*?) ?:$", section, re.M):
        key = re.match(r"Va (\S+)", value)
        rows[limit.strip()] = (re.sub(r"^Va \S+ Pq ", "", value), key[1] if key else "")
    return rows


class Tap:
    count = failed = 0

    def none(self, found, name):
        self.count += 1
        self.failed += bool(found)
        print("%s %d - %s" % ("not ok" if found else "ok", self.count, name))
        for line in found:
            print("# " + line)


def differs(where, stated):
    """What is wrong with the value in the manual."""
    words, key = stated
    if " in " in where:
        name, path = where.split(" in ")
        value = constant(name, path)
        return "" if value is not None and value == number(words) and not key else "%s is %s, not %s" % (name, value, words)
    return "" if key == where and setting(where) == words else "%s is %s, not %s %s" % (where, setting(where), key, words)


def test_is_there(test):
    path, _, text = test.partition(": ")
    return os.path.exists(os.path.join(TOP, path)) and text and text in read(path)


def limits_of_sources():
    for folder in FOLDERS:
        for name in sorted(os.listdir(os.path.join(TOP, folder))):
            if name.endswith(".h"):
                yield from re.findall(r"\b([A-Z][A-Z_]*_(?:MAX|LIMIT|QUEUE|CONNECTIONS))\s*=", read(folder + "/" + name))


def main():
    listed, inner = read("t/bounds").split("\ninner\n")
    rows = [[cell.strip() for cell in line.split(" | ")] for line in listed.split("\n") if line and line[0] != "#"]
    inner = {line.split(" | ")[0] for line in inner.split("\n") if " | " in line}
    stated, tap = manual(), Tap()
    names = {row[1].split(" in ")[0] for row in rows} | inner
    tap.none([row[0] for row in rows if len(row) != 4], "each limit has a name, a test at it and one past it")
    tap.none(sorted(set(stated) ^ {row[0] for row in rows}), "LIMITS and t/bounds list the same limits")
    for row in rows:
        tap.none([w for w in [differs(row[1], stated.get(row[0], ("", "")))] if w], "the manual says what the code says: " + row[0])
        tap.none([t for t in row[2:] if not test_is_there(t)], "there is a test at it and one past it: " + row[0])
    tap.none([n for n in limits_of_sources() if n not in names], "each limit in a header of the daemon has a line in t/bounds: above, or among the inner ones")
    print("1..%d" % tap.count)
    sys.exit(tap.failed > 0)


main()
