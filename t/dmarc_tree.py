"""Random trees of DMARC records, and another reading of RFC 9989 (4.7 to 4.10) to compare ours with.

    t/dmarc_tree.py PROGRAM [COUNT [SEED]]      PROGRAM is t/dmarc_tree; prints TAP, one test for each kind of tree

Written from the RFC alone, and in another way than policy/mail/dmarc_walk.c: walks are made whole, records are
dictionaries, and where a name does not answer every answer that it could have given is tried: a result may only be
definite if it is the same for all of them.
"""

import itertools
import random
import re
import subprocess
import sys

POLICIES = ("none", "quarantine", "reject")
VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|$)")
SILENT = object()


# ---- records ----

def record_read(text):
    """None, or a dictionary of what matters: p sp np (None: broken) psd t adkim aspf usable."""
    if not VERSION.match(text):
        return None
    tags = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags[name.strip().lower()] = value.strip()
    low = {name: value.lower() for name, value in tags.items()}
    p = low.get("p") if low.get("p") in POLICIES else None
    broken = p is None or any(low.get(t, "none") not in POLICIES for t in ("sp", "np"))
    uris = [u.strip() for u in tags.get("rua", "").split(",")]
    sound = any(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*:[!-~]+", u) for u in uris)
    record = {"psd": low.get("psd") if low.get("psd") in ("y", "n") else "u", "t": low.get("t") == "y",
              "adkim": low.get("adkim") == "s", "aspf": low.get("aspf") == "s", "usable": not broken or sound}
    record["tags"] = {"p": "none"} if broken else {t: low[t] for t in ("p", "sp", "np") if t in low}
    return record


# ---- walks ----

def names_of(domain):
    labels = domain.split(".")
    rest = labels[1:] if len(labels) < 8 else labels[-7:]
    return [domain] + [".".join(rest[i:]) for i in range(len(rest))]


def walk(tree, domain):
    """The names asked, and the records found: [(name, record)], longest first."""
    asked, found = [], []
    for name in names_of(domain):
        asked.append(name)
        record = tree.get(name)
        if record is not None and record is not SILENT:
            found.append((name, record))
            if record["psd"] != "u":
                break
    return asked, found


def organisation(domain, found):
    for name, record in found:
        if record["psd"] == "n":
            return name
        if record["psd"] == "y" and name != domain:
            return domain.split(".")[-len(name.split(".")) - 1] + "." + name
    return min((name for name, _ in found), key=lambda n: n.count("."), default=domain)


def applying(domain, found):
    records = dict(found)
    org = organisation(domain, found)
    registry = [name for name, record in found if record["psd"] == "y"]
    for name in [domain, org] + registry:
        if name in records:
            return name, records[name]
    return None, None


# ---- a message ----

def policy_of(domain, where, record, exists):
    tags = record["tags"]
    tag = "p"
    if where != domain:
        tag = "sp" if "sp" in tags else "p"
        # whether the name exists is asked only where that matters
        if not exists and tags.get("np", tags[tag]) != tags[tag]:
            tag = "np"
    policy = POLICIES.index(tags[tag])
    return POLICIES[max(0, policy - record["t"])], tag


def evaluate(tree, message):
    """In a tree where every name answers: result, policy, tag, testing, where, organisation."""
    author = message["author"]
    _, found = walk(tree, author)
    org = organisation(author, found)
    where, record = applying(author, found)
    if record is None or not record["usable"]:
        return "none", "none", "-", "-", "-", org
    identifiers = [(d, record["aspf"]) for d in message["spf"]] + [(d, record["adkim"]) for d in message["dkim"]]
    aligned = any(d == author or (not strict and organisation(d, walk(tree, d)[1]) == org) for d, strict in identifiers)
    policy, tag = policy_of(author, where, record, message["exists"])
    return "pass" if aligned else "fail", policy, tag, "test" if record["t"] else "-", where, org


COULD_BE = [None] + [{"psd": psd, "t": False, "adkim": False, "aspf": False, "usable": True, "tags": {"p": "reject"}}
                     for psd in "uyn"]


def worlds(tree):
    silent = [name for name, record in tree.items() if record is SILENT]
    for answers in itertools.product(COULD_BE, repeat=len(silent)):
        yield dict(tree, **dict(zip(silent, answers)))


# ---- trees ----

LABELS = ["a", "b", "c", "d", "mail", "x-1"]


def random_text(rng):
    tags = []
    if rng.random() < 0.93:
        tags.append("p=" + rng.choice(POLICIES + (POLICIES if rng.random() < 0.9 else ("rejct", "", "NONE "))))
    if rng.random() < 0.4:
        tags.append("sp=" + rng.choice(POLICIES * 5 + ("x", "Reject")))
    if rng.random() < 0.4:
        tags.append("np=" + rng.choice(POLICIES * 5 + ("", "QUARANTINE")))
    if rng.random() < 0.3:
        tags.append("psd=" + rng.choice("yynnuYNx"))
    if rng.random() < 0.2:
        tags.append("t=" + rng.choice(["y", "n", "Y", "yes", "1"]))
    if rng.random() < 0.12:
        tags.append("adkim=" + rng.choice(["s", "r", "S", "strict"]))
    if rng.random() < 0.12:
        tags.append("aspf=" + rng.choice(["s", "r", "S", "relaxed"]))
    if rng.random() < 0.3:
        tags.append(rng.choice(["rua=mailto:d@example.com", "rua=d@example.com", "rua=", "RUA=mailto:a@b!10m,x"]))
    if rng.random() < 0.3:
        tags.append(rng.choice(["pct=0", "pct=50", "rf=afrf", "ri=3600", "fo=1", "x=y", "rubbish", "P=reject", "p=none", "SP=none",
                                "t", "", "psd=u"]))
    rng.shuffle(tags)
    version = rng.choice(["v=DMARC1"] * 22 + ["v = DMARC1", "V=DMARC1", "v=dmarc1", "v=DMARC2", "v=DMARC10", " v=DMARC1", "v=spf1"])
    return rng.choice(["; ", ";", " ;\t"]).join([version] + tags) + rng.choice(["", ";"])


def random_domain(rng, top, depth):
    return ".".join([rng.choice(LABELS) for _ in range(depth)] + [top])


def random_message(rng):
    top = rng.choice(["test", "co.test", "brand"])
    author = random_domain(rng, top, rng.choice([0, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 11]))
    family = [author, rng.choice(LABELS) + "." + author] + names_of(author)
    for name in list(family):
        family += [rng.choice(LABELS) + "." + name, rng.choice(LABELS) + "." + rng.choice(LABELS) + "." + name]
    family += ["other.example", "a." + rng.choice(LABELS) + ".test"]
    pick = lambda: author if rng.random() < 0.12 else rng.choice(family)
    return {"author": author, "spf": [pick()] if rng.random() < 0.6 else [],
            "dkim": [pick() for _ in range(rng.choice([0, 1, 1, 2, 3]))]}


def random_tree(rng, errors):
    message = random_message(rng)
    names = sorted({n for d in [message["author"]] + message["spf"] + message["dkim"] for n in names_of(d)})
    tree, lines = {}, []
    silent = rng.sample(names, min(len(names), rng.choice([1, 1, 2]))) if errors else []
    for name in names:
        if name in silent:
            tree[name] = SILENT
            lines.append("_dmarc.%s TXT %s" % (name, rng.choice(["SERVFAIL", "TIMEOUT", "BOGUS"])))
            continue
        texts = [random_text(rng) for _ in range(rng.choice([0, 0, 0, 1, 1, 1, 1, 2]))]
        texts += ["unrelated text"] * (rng.random() < 0.1)
        lines += ['_dmarc.%s TXT "%s"' % (name, text.replace("\t", "\\009")) for text in texts]
        records = [r for r in map(record_read, texts) if r is not None]
        tree[name] = records[0] if len(records) == 1 else None
    kind = rng.choice(["nothing", "nothing", "address", "alias"])
    if kind == "address":
        lines.append("%s A 192.0.2.1" % message["author"])
    elif kind == "alias":
        lines.append("%s CNAME nowhere.invalid" % message["author"])
    owners = [line.split()[0] for line in lines]
    message["exists"] = any(o == message["author"] or o.endswith("." + message["author"]) for o in owners)
    rng.shuffle(lines)
    return tree, message, lines


# ---- comparing ----

def ask(program, cases):
    text = []
    for _, message, lines in cases:
        text += ["zone " + line for line in lines] + ["author " + message["author"]]
        text += ["spf " + d for d in message["spf"]] + ["dkim " + d for d in message["dkim"]] + ["end"]
    run = subprocess.run([program], input="\n".join(text) + "\n", capture_output=True, text=True, check=True)
    return [line.split(" ") for line in run.stdout.splitlines()]


def wrong_with(tree, message, got):
    """What is wrong with our answer; "" when nothing is."""
    author = message["author"]
    answers = [evaluate(world, message) for world in worlds(tree)]
    asked, _ = walk(tree, author)
    own = tree.get(author)
    whole = got[6:] == asked
    if not whole and (got[6:] != [author] or own in (None, SILENT)):
        return "it asked %s, not %s" % (got[6:], asked)
    silent = any(record is SILENT for record in tree.values())
    if got[0] == "temperror":
        equal = own not in (None, SILENT) and own["usable"] and author in message["spf"] + message["dkim"]
        return "" if silent and not equal else "a temporary error, although nothing is open"
    for answer in answers:
        if got[0] != answer[0]:
            return "%s, and not %s" % (got[0], answer[0])
        if got[0] != "none" and tuple(got[1:5]) != answer[1:5] and not (silent and own in (None, SILENT)):
            return "policy %s, and not %s" % (got[1:5], answer[1:5])
        if whole and not silent and got[5] != answer[5]:
            return "organisation %s, and not %s" % (got[5], answer[5])
    return ""


def main():
    program, count = sys.argv[1], int((sys.argv[2:] + ["1000"])[0])
    seed = int((sys.argv[3:] + ["9989"])[0])
    rng = random.Random(seed)
    number = 0
    for what, errors, share in (("every name answers", False, count), ("some names do not answer", True, count // 2)):
        cases = [random_tree(rng, errors) for _ in range(share)]
        got = ask(program, cases)
        bad, seen = 0, {}
        for (tree, message, lines), answer in zip(cases, got):
            why = wrong_with(tree, message, answer)
            seen[answer[0]] = seen.get(answer[0], 0) + 1
            if why and bad < 5:
                print("# %s: %s" % (message, why))
                print("".join("#   %s\n" % line for line in sorted(lines)), end="")
            bad += why != ""
        number += 1
        good = bad == 0 and len(got) == len(cases)
        print("%s %d - %d trees where %s (seed %d)" % ("ok" if good else "not ok", number, share, what, seed))
        print("# " + ", ".join("%s %d" % pair for pair in sorted(seen.items())))
        number += 1
        wanted = {"pass", "fail", "none"} | ({"temperror"} if errors else set())
        enough = all(seen.get(word, 0) >= share // 20 for word in wanted)
        print("%s %d - each result is at least a twentieth of them" % ("ok" if enough else "not ok", number))
    print("1..%d" % number)


main()
