#!/usr/bin/python3
"""Debian's python3-authres reads what policy/mail/authres.c writes: authres.py TEST_BINARY.

Skipped where the package is not installed. Prints TAP."""
import os
import re
import subprocess
import sys

del sys.path[0]  # this folder: we bear the module's name
try:
    import authres
except ImportError:
    print("1..0 # SKIP python3-authres is not installed")
    sys.exit(0)

binary = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "authres_t")
count = failed = 0


def ok(good, name, seen=""):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name))
    if not good:
        print("# " + str(seen))


def unescape(value):
    """This reader leaves quoted pairs as they are."""
    return re.sub(r"\\(.)", r"\1", value)


def summary(header):
    """(method, result) of every result, and their properties by name."""
    results = [(r.method, r.result) for r in header.results]
    properties = [{"%s.%s" % (p.type, p.name): unescape(p.value) for p in r.properties} for r in header.results]
    return results, properties


fields = {}
for line in subprocess.run([binary, "print"], check=True, capture_output=True, text=True).stdout.splitlines():
    body, _, what = line.partition("\t# ")
    body = body.replace("\\n", "\r\n")
    if body.startswith('"'):  # RFC 8601, 2.2 allows a quoted id, this reader does not
        continue
    try:
        fields[what] = authres.AuthenticationResultsHeader.parse("Authentication-Results: " + body)
        ok(True, "parses: " + what)
    except Exception as problem:  # whatever it is, the reader could not read
        ok(False, "parses: " + what, "%s: %r" % (problem, body))

results, properties = summary(fields["all of it"])
ok(results == [("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass")], "three results are three", results)
ok(properties[1].get("header.d") == "autotask.net" and properties[1].get("header.b") == "AbCdEfGh", "the signature's own names", properties)
ok(properties[2].get("header.from") == "autotask.net", "the author's domain", properties)
ok(summary(fields["nothing at all"])[0] == [], "none is no result", fields["nothing at all"])
for what, sender in (
    ("a semicolon starts no result", "a;dmarc=pass header.from=v.com@b.com"),
    ("CR and LF fold nothing", "a???dkim=pass@b.com"),
    ("a bracket opens no comment", "any@legitimate.com(a.attack.com"),
    ("a backslash at the end cannot open the quotes", "a\\"),
    ("a quoted sender is quoted again", '"a b"@b.com'),
):
    results, properties = summary(fields[what])
    ok(len(results) == 1 and results[0][0] == "spf" and properties[0] == {"smtp.mailfrom": sender}, "read back: " + what, (results, properties))
results, properties = summary(fields["an apostrophe cuts nothing"])
ok(len(results) == 1 and properties[0].get("header.d") != "legitimate.com", "an apostrophe makes no other name", properties)
result = fields["a signature that verifies but does not count"].results[1]
ok((result.result, result.reason) == ("policy", "partial-body"), "the reason of a signature that does not count", result)

print("1..%d" % count)
sys.exit(1 if failed else 0)
