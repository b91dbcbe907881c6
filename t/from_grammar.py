"""Author fields that the grammar makes, and those of real mail, changed: is a vendor in any mailbox ever overlooked?

    t/from_grammar.py PROGRAM [COUNT [SEED]]      PROGRAM is t/from_grammar; prints TAP

The reader here is the grammar itself: the ABNF of RFC 5322 (3.2, 3.4 and the obsolete forms of 4), with the groups of
RFC 6854 and the letters of RFC 6532, copied from the RFCs and followed in every way that it allows at once. The same
text makes the fields. Nothing of policy/mail/mailbox.c is in it, which reads byte by byte and decides as it goes.

Fields that the grammar makes (the seeds are told; the same seed makes the same fields):
  - both readers find the same domains, and those that were put in (two where blanks or comments are inside a domain);
  - one with the vendor's domain in a mailbox is never a stranger's;
  - one without is a stranger's, however often the vendor stands in its names, comments, routes and other fields.
Changed fields, which mostly cannot be read:
  - what ours reads the grammar allows, with the same domains;
  - what any reader finds (the grammar, Python's two parsers, the brackets, the words with an @) is no stranger's.
"""

import email.headerregistry
import email.policy
import email.utils
import os
import random
import re
import subprocess
import sys

ABNF = r"""
from            = address-list
address-list    = (address *("," address)) / obs-addr-list
obs-addr-list   = *([CFWS] ",") address *("," [address / CFWS])
address         = mailbox / group
group           = display-name ":" [group-list] ";" [CFWS]
group-list      = mailbox-list / CFWS / obs-group-list
obs-group-list  = 1*([CFWS] ",") [CFWS]
mailbox-list    = (mailbox *("," mailbox)) / obs-mbox-list
obs-mbox-list   = *([CFWS] ",") mailbox *("," [mailbox / CFWS])
mailbox         = name-addr / addr-spec
name-addr       = [display-name] angle-addr
angle-addr      = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr
obs-angle-addr  = [CFWS] "<" obs-route addr-spec ">" [CFWS]
obs-route       = obs-domain-list ":"
obs-domain-list = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain])
display-name    = phrase
phrase          = 1*word / obs-phrase
obs-phrase      = word *(word / "." / CFWS)
word            = atom / quoted-string
addr-spec       = local-part "@" domain
local-part      = dot-atom / quoted-string / obs-local-part
obs-local-part  = word *("." word)
domain          = dot-atom / domain-literal / obs-domain
obs-domain      = atom *("." atom)
domain-literal  = [CFWS] "[" *([FWS] dtext) [FWS] "]" [CFWS]
dtext           = %d33-90 / %d94-126 / obs-dtext
obs-dtext       = obs-NO-WS-CTL / quoted-pair
atom            = [CFWS] 1*atext [CFWS]
dot-atom        = [CFWS] dot-atom-text [CFWS]
dot-atom-text   = 1*atext *("." 1*atext)
atext           = ALPHA / DIGIT / "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "/" / "=" / "?" / "^" / "_" / "`" /
                  "{" / "|" / "}" / "~" / UTF8-non-ascii
quoted-string   = [CFWS] DQUOTE *([FWS] qcontent) [FWS] DQUOTE [CFWS]
qcontent        = qtext / quoted-pair
qtext           = %d33 / %d35-91 / %d93-126 / obs-NO-WS-CTL / UTF8-non-ascii
quoted-pair     = ("\" (VCHAR / WSP)) / obs-qp
obs-qp          = "\" (%d0 / obs-NO-WS-CTL / LF / CR)
CFWS            = (1*([FWS] comment) [FWS]) / FWS
comment         = "(" *([FWS] ccontent) [FWS] ")"
ccontent        = ctext / quoted-pair / comment
ctext           = %d33-39 / %d42-91 / %d93-126 / obs-NO-WS-CTL / UTF8-non-ascii
FWS             = ([*WSP CRLF] 1*WSP) / obs-FWS
obs-FWS         = 1*([CRLF] WSP)
obs-NO-WS-CTL   = %d1-8 / %d11 / %d12 / %d14-31 / %d127
VCHAR           = %d33-126 / UTF8-non-ascii
UTF8-non-ascii  = %d128-55295 / %d57344-1114111
ALPHA           = %d65-90 / %d97-122
DIGIT           = %d48-57
WSP             = %d32 / %d9
DQUOTE          = %d34
CR              = %d13
LF              = %d10
CRLF            = %d13 %d10
"""

# ---- the grammar as a tree. NODES: ("or", nodes) ("then", first, rest) ("many", node) ("nothing",) ("text", s)
# ("range", first, last) ("rule", name), where each node is named by its place in NODES

TOKEN = re.compile(r'"[^"]*"|%d\d+(?:-\d+)?|\d*\*|[()\[\]/]|[A-Za-z][\w-]*')
NODES, RULES = [], {}


def node(*parts):
    NODES.append(parts)
    return len(NODES) - 1


NOTHING = node("nothing")


def grammar_read(text):
    for line in re.sub(r"\n +", " ", text).strip().split("\n"):
        name, _, right = line.partition("=")
        tokens = TOKEN.findall(right)
        RULES[name.strip()] = alternatives_read(tokens)
        assert not tokens, name


def alternatives_read(tokens):
    nodes = [sequence_read(tokens)]
    while tokens and tokens[0] == "/":
        tokens.pop(0)
        nodes.append(sequence_read(tokens))
    return nodes[0] if len(nodes) == 1 else node("or", nodes)


def sequence_read(tokens):
    if not tokens or tokens[0] in ("/", ")", "]"):
        return NOTHING
    first = element_read(tokens)
    rest = sequence_read(tokens)
    return first if rest == NOTHING else node("then", first, rest)


def element_read(tokens):
    token = tokens.pop(0)
    if token.endswith("*"):
        inner = element_read(tokens)
        many = node("many", inner)
        return node("then", inner, many) if token == "1*" else many
    if token in "([":
        inner = alternatives_read(tokens)
        tokens.pop(0)
        return inner if token == "(" else node("or", [inner, NOTHING])
    if token[0] == '"':
        return node("text", token[1:-1])
    if token[0] == "%":
        first, _, last = token[2:].partition("-")
        return node("range", int(first), int(last or first))
    return node("rule", token)


grammar_read(ABNF)


# ---- reading: where each node may end, in every way that the grammar allows ----

class Reading:
    """Of one field. `domains`: what stands behind the @ of any addr-spec, in any way to read the whole; None: no way."""

    def __init__(self, field):
        self.field, self.ends_of = field, {}
        self.domains = None
        if len(field) in self.ends(RULES["from"], 0):
            self.domains, self.seen = set(), set()
            self.walk(RULES["from"], 0, len(field))

    def ends(self, number, at):
        key = (number, at)
        if key not in self.ends_of:
            self.ends_of[key] = self.ends_new(NODES[number], at)
        return self.ends_of[key]

    def ends_new(self, parts, at):
        kind = parts[0]
        if kind == "rule":
            return self.ends(RULES[parts[1]], at)
        if kind == "text":
            return {at + len(parts[1])} if self.field.startswith(parts[1], at) else set()
        if kind == "range":
            return {at + 1} if at < len(self.field) and parts[1] <= ord(self.field[at]) <= parts[2] else set()
        if kind == "or":
            return set().union(*(self.ends(inner, at) for inner in parts[1]))
        if kind == "then":
            return set().union(*(self.ends(parts[2], i) for i in self.ends(parts[1], at)))
        found = {at}
        if kind == "many":
            fresh = {at}
            while fresh:
                fresh = set().union(*(self.ends(parts[1], i) for i in fresh)) - found
                found |= fresh
        return found

    def walk(self, number, at, end):
        """Notes the domains of all ways to read this node from at to end."""
        if (number, at, end) in self.seen or end not in self.ends(number, at):
            return
        self.seen.add((number, at, end))
        parts = NODES[number]
        if parts == ("rule", "addr-spec"):
            self.note(at, end)
        elif parts[0] == "rule":
            self.walk(RULES[parts[1]], at, end)
        elif parts[0] == "or":
            for inner in parts[1]:
                self.walk(inner, at, end)
        elif parts[0] in ("then", "many"):
            first, rest = parts[1], (parts[2] if parts[0] == "then" else number)
            for middle in self.ends(first, at):
                if end in self.ends(rest, middle) and (parts[0] == "then" or middle > at):
                    self.walk(first, at, middle)
                    self.walk(rest, middle, end)

    def note(self, at, end):
        for mark in self.ends(RULES["local-part"], at):
            if self.field.startswith("@", mark) and end in self.ends(RULES["domain"], mark + 1):
                self.domains |= domains_shown(self.field[mark + 1:end])


def domain_normal(text):
    """Without comments and white space, in lower-case A-labels; "-" for an address, "?" and the text for what is no name."""
    depth, bare, i = 0, "", 0
    while i < len(text):
        if text[i] == "\\":
            i += 1
        elif text[i] == "(":
            depth += 1
        elif text[i] == ")":
            depth -= 1
        elif depth == 0 and text[i] not in " \t\r\n":
            bare += text[i]
        i += 1
    if re.fullmatch(r"\[(\d+\.\d+\.\d+\.\d+|(?i:ipv6):[0-9a-fA-F:.]+)\]", bare):
        return "-"
    try:
        name = bare.encode("idna").decode().lower()
    except UnicodeError:
        return "?" + bare
    return name if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name) else "?" + bare


def domains_shown(text):
    """What the grammar makes of it, and those readers to whom a name ends at a blank or comment: two labels at least."""
    bare = re.sub(r"\\.", "x", text, flags=re.S)
    while "(" in bare:
        bare = re.sub(r"\([^()]*\)", " ", bare)
    words = bare.split()
    front = words[0].rstrip(".") if len(words) > 1 and words[0][0] != "[" else ""
    shown = domain_normal(front) if "." in front else "?"
    return {domain_normal(text)} | ({shown} if shown[0] != "?" else set())


def is_held(domain):
    """Does it belong to the vendor or to ourselves? An address in brackets may be a name in disguise."""
    name = domain.lower().strip("?[]")
    return any(name == held or name.endswith("." + held) for held in HELD)


# ---- other readers, for fields that ours cannot read: what any of them takes for a domain ----

WORD = re.compile(r'[^\s<>,;:"()\[\]]@([^\s<>,;:"()\[\]@\\]+)')
BRACKETS = re.compile(r"<[^<>]*@([^<>@]*)>")


def by_registry(field):
    try:
        return [a.domain for a in email.headerregistry.HeaderRegistry()("from", field).addresses]
    except Exception:  # it fails on fields of many kinds
        return []


def by_getaddresses(field):
    return [address.rpartition("@")[2] for _, address in email.utils.getaddresses([field]) if "@" in address]


READERS = {
    "email.headerregistry": by_registry,
    "email.utils": by_getaddresses,
    "the first brackets": lambda field: BRACKETS.findall(field)[:1],
    "the last brackets": lambda field: BRACKETS.findall(field)[-1:],
    "words with an @": WORD.findall,
}


# ---- making fields ----

HELD = ["vendor.example", "xn--bcher-kva.example", "rx.example"]
NAMES = HELD[:1] * 5 + ["mail.vendor.example", "b\u00fccher.example", "B\u00dcCHER.example", "a.xn--bcher-kva.example", "rx.example"]
OTHERS = ["attack.example", "evil.example", "notvendor.example", "vendor.example.evil.example", "vendor-example.net", "x", "co.uk",
          "b\u00fccher.net", "example", "xvendor.example", "vendor.exampl"]
ATOMS = ["noreply", "a", "Ticket", "7", "vendor", "d'Arc", "x+y", "=?utf-8?Q?Vendor?=", "=?UTF-8?B?PGFAdmVuZG9yLmV4YW1wbGU+?=",
         "J\u00fcrgen", "\u4e2d\u6587", "example", "{}", "-", "via", "\U0001f642"]
LURES = ["a@vendor.example", "<a@vendor.example>", "a@vendor.example, b", "@vendor.example:", "[7]", "x@rx.example", "Team: a;",
         "(?)", "\u201ca\u201d", ""]


class Maker:
    """Grows fields from the grammar. `put`: the domains of mailboxes that it put in."""

    def __init__(self, rng, held, controls):
        self.rng, self.held, self.controls = rng, held, controls
        self.put, self.left, self.route = [], rng.choice([40, 120, 300]), 0

    def grow(self, number):
        parts = NODES[number]
        self.left -= 1
        if parts[0] == "rule":
            own = getattr(self, "grow_" + parts[1].replace("-", "_"), None)
            return own() if own else self.grow(RULES[parts[1]])
        if parts[0] == "text":
            return parts[1]
        if parts[0] == "range":
            return chr(self.rng.randint(parts[1], parts[2]))
        if parts[0] == "or":
            few = [inner for inner in parts[1] if COST[inner] == min(COST[i] for i in parts[1])]
            return self.grow(self.rng.choice(parts[1] if self.left > 0 else few))
        if parts[0] == "then":
            return self.grow(parts[1]) + self.grow(parts[2])
        made = ""
        while parts[0] == "many" and self.left > 0 and self.rng.random() < 0.45:
            made += self.grow(parts[1])
        return made

    def blanks(self):
        return self.grow(RULES["CFWS"]) if self.left > 0 and self.rng.random() < 0.3 else ""

    def grow_address(self):
        return self.grow(RULES["group" if self.left > 0 and self.rng.random() < 0.15 else "mailbox"])

    def grow_group(self):
        few = self.left <= 0 or self.rng.random() < 0.1
        members = self.grow(RULES["group-list"]) if few else self.grow(RULES["mailbox-list"])
        return self.grow(RULES["display-name"]) + ":" + members + ";" + self.blanks()

    def grow_obs_domain_list(self):
        self.route += 1
        made = self.grow(RULES["obs-domain-list"])
        self.route -= 1
        return made

    def grow_domain(self):
        name = self.rng.choice(NAMES if self.rng.random() < (0.5 if self.route else self.held) else OTHERS)
        if not self.route and self.rng.random() < 0.03:
            name = self.rng.choice(["[192.0.2.1]", "[IPv6:2001:db8::1]", "[ 192.0.2.1 ]"])
        if name[0] == "[":
            made = self.blanks() + name + self.blanks()
        else:
            name = self.rng.choice([str, str, str.upper, str.title])(name)
            if self.rng.random() < 0.6:
                made = self.blanks() + name + self.blanks()
            else:
                made = ".".join(self.blanks() + label + self.blanks() for label in name.split("."))
        if not self.route:
            self.put.extend(domains_shown(made))
        return made

    def grow_atom(self):
        return self.blanks() + self.rng.choice(ATOMS) + self.blanks()

    def grow_dot_atom_text(self):
        return ".".join(self.rng.choice(ATOMS) for _ in range(self.rng.choice([1, 1, 2, 3])))

    def grow_comment(self):
        if self.left > 0 and self.rng.random() < 0.5:
            return self.grow(RULES["comment"])
        return "(%s)" % self.rng.choice(LURES).replace("(?)", "?")

    def grow_quoted_string(self):
        if self.left > 0 and self.rng.random() < 0.5:
            return self.grow(RULES["quoted-string"])
        return self.blanks() + '"%s"' % self.rng.choice(LURES) + self.blanks()

    def grow_UTF8_non_ascii(self):
        return self.rng.choice("\u00e9\u00fc\u4e2d\U0001f642\u05d0")

    def grow_obs_NO_WS_CTL(self):
        return self.grow(RULES["obs-NO-WS-CTL"]) if self.controls else "x"

    def grow_obs_qp(self):
        return "\\" + self.grow_obs_NO_WS_CTL()

    def grow_obs_dtext(self):
        return "7"


def cost_all():
    """How little each node can grow into."""
    cost = [1000] * len(NODES)
    for _ in range(60):
        for number, parts in enumerate(NODES):
            if parts[0] == "rule":
                cost[number] = cost[RULES[parts[1]]] + 1
            elif parts[0] == "or":
                cost[number] = min(cost[inner] for inner in parts[1]) + 1
            elif parts[0] == "then":
                cost[number] = cost[parts[1]] + cost[parts[2]] + 1
            else:
                cost[number] = 1
    return cost


COST = cost_all()


def field_make(rng, held, controls=False):
    maker = Maker(rng, held, controls)
    return maker.grow(RULES["from"]), {name for name in maker.put}


# ---- messages: the From fields among others ----

def message_make(rng, fields):
    lines = ["%s%s:%s" % (rng.choice(["From", "From", "FROM", "from"]), rng.choice(["", "", "", " ", "\t "]), f) for f in fields]
    for name in ("Sender", "Reply-To", "Resent-From", "To", "Subject", "X-From", "From-"):
        if rng.random() < 0.3:
            lines.insert(rng.randrange(len(lines) + 1), name + ": Vendor <noreply@vendor.example>")
    # a message that begins with "From " begins with a line of a mailbox file to Postfix
    return ("\r\n".join(["Date: Sun, 1 Mar 2026 10:00:00 +0000"] + lines) + "\r\n\r\nFrom: a@vendor.example\r\n").encode("utf-8", "surrogateescape")


def judge(program, messages):
    """For each: outcome, state, the set of domains."""
    text = b"".join(b"%d\n%s" % (len(m), m) for m in messages)
    run = subprocess.run([program], input=text, capture_output=True, check=True)
    lines = [line.split(" ") for line in run.stdout.decode().splitlines()]
    assert len(lines) == len(messages)
    return [(words[0], words[1], set(words[2:])) for words in lines]


# ---- what must hold ----

def wrong_with_made(fields, put, readings, answer):
    if None in readings:
        return "the grammar's reader cannot read it"
    outcome, state, domains = answer
    read = set().union(*readings)
    if read != put:
        return "the grammar's reader found %s, but %s was put in" % (read, put)
    if any(map(is_held, read)):
        if outcome == "stranger":
            return "a stranger's, although %s is in a mailbox" % [d for d in read if is_held(d)]
    elif outcome != "stranger" and all(readings):
        return outcome + ", although it is nobody's"
    # a field of groups alone names nobody, and counts as one that cannot be read
    if all(readings) and (state, domains) != ("read", read):
        return "%s with %s, and not read with %s" % (state, domains, read)
    return ""


def wrong_with_changed(field, read, answer):
    outcome, state, domains = answer
    if state == "read":
        if read is None:
            return "read, although the grammar does not allow it"
        if domains != read:
            return "read as of %s, and not %s" % (domains, read)
    found = {"the grammar": read or ()}
    if state != "read":
        found.update((name, reader(field)) for name, reader in READERS.items())
    for name, seen in found.items():
        if outcome == "stranger" and any(is_held(domain_normal(d)) for d in seen):
            return "a stranger's, although %s finds %s" % (name, list(seen))
    return ""


# ---- changes ----

MARKS = list('<>@,;:()"\\. \t[]\'') + ["\r\n ", "\r\n\t", "=?utf-8?q?", "?=", "\u200b", "\u00ad", "\u202e", "\u3002", "\uff20", "\x07", "\udcfc"]
PIECES = ["<a@vendor.example>", "b@vendor.example", "@vendor.example", ", c@evil.example", "<c@evil.example>", " (x)", '"x" ',
          "vendor.example", "@attack.example:", "G: "]
REAL = [
    " Vendor Notifications <noreply@vendor.example>", ' "Vendor, Inc." <no-reply@mail.vendor.example>', " noreply@vendor.example",
    " \"Ann via Vendor\" <calendar-notification@vendor.example>", " noreply@vendor.example (Vendor)",
    " =?UTF-8?Q?B=C3=BCcher?= <post@xn--bcher-kva.example>", " =?utf-8?B?QsO8Y2hlcg==?=\r\n <post@vendor.example>",
    " \"Ann Example (via Docs)\" <drive-shares@vendor.example>", " 'Ann Example' via Team <team@lists.example>",
    " \"ann@customer.example\" <bounce+7=customer.example@vendor.example>", " MAILER-DAEMON@mx.vendor.example (Mail Delivery System)",
    " Ann Example/Berlin/Vendor%Vendor <ann@vendor.example>", " <prvs=1234abcd=ann@vendor.example>",
    " \"Ann Example [Desk]\"\r\n\t<jira@vendor.example>", " Ann Example <IMCEAEX-_O=VENDOR_OU=X_CN=ANN@vendor.example>",
    " Ann <ann@customer.example>, Bob <bob@vendor.example>", " Undisclosed:;", " Team: a@vendor.example, b@attack.example;",
    " \"vendor.example Support\" <support@attack.example>", " J\u00fcrgen <j\u00fcrgen@b\u00fccher.example>",
]


def suites_fields(folder):
    """The From fields of the stories, and of the messages in the suites."""
    found = []
    for path in sorted(f for part in ("replay", "suites/dkim-stalwart") for f in walk_files(os.path.join(folder, part))):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            for line in re.findall(r"^(?:HEADER )?From *:(.*(?:\n[ \t].*)*)", file.read(), re.M | re.I):
                line = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), line)
                found.append(line.encode("latin-1", "ignore").decode("utf-8", "surrogateescape") if "\\x" in line else line)
    return found


def walk_files(folder):
    return [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith((".replay", ".txt"))]


def change(rng, seeds):
    field = rng.choice(seeds)
    for _ in range(rng.choice([1, 1, 2, 3, 5])):
        at = rng.randrange(len(field) + 1)
        to = min(len(field), at + rng.choice([0, 0, 1, 1, 2, 8]))
        other = rng.choice(seeds)
        cut = rng.randrange(len(other) + 1)
        field = field[:at] + rng.choice([rng.choice(MARKS), rng.choice(MARKS), rng.choice(PIECES), "", other[cut:cut + 20]]) + field[to:]
    # a line that begins without a blank would be another field; NUL and a bare CR are the MTA's matter
    return re.sub(r"\n(?![ \t])", "\n ", re.sub(r"\r?\n|\r", "\r\n", field.replace("\0", ""))).rstrip("\r\n ") + " "


# ---- TAP ----

class Tap:
    number, failed = 0, 0

    def ok(self, good, name):
        self.number += 1
        self.failed += not good
        print("%s %d - %s" % ("ok" if good else "not ok", self.number, name))

    def compare(self, name, cases):
        """cases: (what is wrong or "", fields, answer)"""
        bad = [case for case in cases if case[0]]
        for why, fields, answer in bad[:int(os.environ.get("SHOW", 8))]:
            print("# %s: %s, %s" % (why, ascii(fields), answer))
        self.ok(not bad, name)


def tell(answers):
    seen = {}
    for outcome, state, _ in answers:
        seen[outcome, state] = seen.get((outcome, state), 0) + 1
    print("# " + ", ".join("%s %s %d" % (pair + (n,)) for pair, n in sorted(seen.items())))
    return seen


def test_made(tap, program, rng, count, seed):
    made = []
    for _ in range(count):
        controls = rng.random() < 0.1
        parts = [field_make(rng, rng.choice([0, 0, 0.3, 1]), controls) for _ in range(rng.choice([1] * 8 + [2, 3]))]
        made.append(([field for field, _ in parts], set().union(*(put for _, put in parts)), controls))
    answers = judge(program, [message_make(rng, fields) for fields, _, _ in made])
    cases, held = [], 0
    for (fields, put, controls), answer in zip(made, answers):
        readings = [Reading(field).domains for field in fields]
        if controls and answer[1] != "read":
            answer = (answer[0] if any(map(is_held, put)) else "stranger", "read", put)
        cases.append((wrong_with_made(fields, put, readings, answer), fields, answer))
        held += any(map(is_held, put))
    tap.compare("%d messages by the grammar: ours reads them, finds everybody, and takes none of a vendor for a stranger's (seed %d)" % (count, seed), cases)
    seen = tell(answers)
    few = count // 20
    tap.ok(min(held, count - held, seen.get(("stranger", "read"), 0), seen.get(("forged", "read"), 0)) >= few,
           "a twentieth of them at least is a vendor's, and nobody's")


def test_changed(tap, program, rng, count, seed):
    folder = os.path.dirname(os.path.abspath(__file__))
    seeds = REAL * 3 + suites_fields(folder) + [field_make(rng, 0.5)[0] for _ in range(50)]
    fields = [change(rng, seeds) for _ in range(count)]
    answers = judge(program, [message_make(rng, [field]) for field in fields])
    tap.compare("%d changed fields: what any reader finds is no stranger's (seed %d)" % (count, seed),
                [(wrong_with_changed(f, Reading(f).domains, a), f, a) for f, a in zip(fields, answers)])
    seen = tell(answers)
    tap.ok(min(seen.get(("stranger", "unreadable"), 0), seen.get(("forged", "unreadable"), 0)) >= count // 20,
           "a twentieth of them at least cannot be read, with and without a vendor")


def main():
    program, count = sys.argv[1], int((sys.argv[2:] + ["300"])[0])
    seed = int((sys.argv[3:] + ["5322"])[0])
    tap = Tap()
    test_made(tap, program, random.Random(seed), count, seed)
    test_changed(tap, program, random.Random(seed + 1), count, seed)
    print("1..%d" % tap.number)
    sys.exit(tap.failed > 0)


main()
