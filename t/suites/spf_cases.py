#!/usr/bin/python3
"""Turns an open SPF suite (YAML) into lines for t/spf_suite, into zones and into cases.

    spf_cases.py SUITE [--name NAME] [--differs FILE]    tab separated lines, for t/spf_suite:
        scenario NAME
        zone LINE                             as canned_zone_line() reads it
        case NAME CLIENT HELO MAIL_FROM RESULT[,RESULT...] kept|differs
    spf_cases.py SUITE --list                 the scenarios, numbered
    spf_cases.py SUITE --zone SCENARIO        a root zone for nsd
    spf_cases.py SUITE --cases SCENARIO       NAME CLIENT HELO MAIL_FROM RESULT[,RESULT...]
                                              of the cases that meet no TIMEOUT

SUITE is one YAML file or several. SCENARIO is its number or its description. FILE names the cases that
RFC 7208 judges otherwise than the suite: a section of it, a blank, SCENARIO: NAME. In fields and
names every byte that is not printable ASCII, and the backslash, is written \\DDD.
"""

import argparse
import ipaddress
import sys

import yaml

LABEL_MAX, NAME_MAX = 63, 253


def escape(text, also=""):
    """Presentation form of RFC 1035, 5.1; also escapes the characters of `also`."""
    return "".join(
        "\\%03d" % byte if byte <= 32 or byte > 126 or chr(byte) in "\\" + also else chr(byte)
        for byte in text.encode("utf-8"))


def field(text):
    return escape(text).replace("\\032", " ")


def carried(name):
    """Can DNS carry this name?"""
    labels = name.rstrip(".").split(".") if name.strip(".") else []
    return (bool(labels) and not name.endswith("..") and len(name.rstrip(".")) <= NAME_MAX
            and all(0 < len(label.encode("utf-8")) <= LABEL_MAX for label in labels))


class Scenario:
    """One zone and its cases."""

    def __init__(self, name):
        self.name = name
        self.records = []   # (owner, type, data): TXT data is text, MX data (preference, name)
        self.timeouts = []  # owners whose other types time out
        self.cases = []     # (name, client, helo, mail_from, results)

    def successor(self, name):
        made = Scenario(name)
        made.records, made.timeouts = list(self.records), list(self.timeouts)
        return made

    def replace(self, records):
        gone = {record[:2] for record in records}
        self.records = [record for record in self.records if record[:2] not in gone] + records


def strings(value):
    return value if isinstance(value, str) else "".join(value)


def entry_records(name, entries):
    """The records of one owner in a suite of pyspf: SPF is served as TXT where no TXT is said."""
    has_txt = any(isinstance(entry, dict) and "TXT" in entry for entry in entries)
    for entry in entries:
        if entry == "TIMEOUT":
            yield name, "TIMEOUT", None
            continue
        for kind, value in entry.items():
            if kind == "SPF" and has_txt or value == "NONE":
                continue
            if kind in ("SPF", "TXT"):
                yield name, "TXT", strings(value)
            elif kind == "MX":
                yield name, "MX", (int(value[0]), value[1])
            elif kind in ("A", "AAAA", "PTR", "CNAME"):
                yield name, kind, value
            else:
                sys.exit("spf_cases.py: record of type '%s' at '%s'" % (kind, name))


def read_pyspf(document):
    scenario = Scenario(document["description"])
    for name, entries in document["zonedata"].items():
        for owner, kind, data in entry_records(name, entries):
            if kind == "TIMEOUT":
                scenario.timeouts.append(owner)
            else:
                scenario.records.append((owner, kind, data))
    for name, case in document["tests"].items():
        results = case["result"]
        scenario.cases.append((name, case["host"], case["helo"], case["mailfrom"],
                               [results] if isinstance(results, str) else results))
    return scenario


RECORD_KEYS = ("a", "aaaa", "exp", "mx", "ptr", "spf")


def stalwart_record(kind, value):
    """One line of a stalwart suite: 'mx: OWNER ADDRESS, ...' makes a host an address."""
    owner, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    if kind in ("spf", "exp"):
        yield owner, "TXT", rest
    elif kind == "ptr":
        for name in rest.split(","):
            yield ipaddress.ip_address(owner).reverse_pointer, "PTR", name.strip()
    elif kind in ("a", "aaaa"):
        for address in rest.split(","):
            yield owner, kind.upper(), address.strip()
    elif kind == "mx":
        for number, address in enumerate(rest.split(",")):
            host, address = "mx%d.%s" % (number, owner), address.strip()
            yield owner, "MX", (10 * (number + 1), host)
            yield host, "AAAA" if ":" in address else "A", address
    else:
        sys.exit("spf_cases.py: record of type '%s'" % kind)


def read_stalwart(document):
    """Keys repeat, so everything is pairs in order. A test may put new records in place of old ones: that
    opens another scenario; `expect` ends a case, what it needs is kept from the lines before it."""
    said = dict(pair for pair in document if isinstance(pair[1], str))
    scenario = Scenario(said["name"])
    for kind, value in dict(document).get("records", []):
        scenario.records.extend(stalwart_record(kind, value))
    state, found = {}, [scenario]
    for kind, value in (pair for test in dict(document)["tests"] for pair in test):
        if kind in RECORD_KEYS:
            if scenario.cases:
                scenario = scenario.successor("%s (%d)" % (said["name"], len(found) + 1))
                found.append(scenario)
            scenario.replace(list(stalwart_record(kind, value)))
        elif kind == "expect":
            scenario.cases.append(("%d" % (len(scenario.cases) + 1), state["ip"], state["domain"], state["sender"],
                                   [value.split()[0]]))
        else:
            state[kind] = value
    for one in found: # names of theirs that always fail
        one.timeouts += ["_dns_error.org", "_dns_error.test.org"]
    return found


def pairs_of(node):
    """A YAML node with mappings as lists of pairs: none is lost where a key repeats."""
    if isinstance(node, yaml.MappingNode):
        return [(key.value, pairs_of(value)) for key, value in node.value]
    if isinstance(node, yaml.SequenceNode):
        return [pairs_of(item) for item in node.value]
    return node.value


def scenarios(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for document, node in zip(yaml.load_all(text, yaml.BaseLoader), yaml.compose_all(text, yaml.BaseLoader)):
        if "zonedata" in document:
            yield read_pyspf(document)
        else:
            yield from read_stalwart(pairs_of(node))


def quoted(text, size=None):
    """Character-strings, all in one or cut at `size` bytes."""
    data = text.encode("utf-8")
    step = size or max(len(data), 1)
    parts = [data[i:i + step] for i in range(0, len(data), step)] or [b""]
    return " ".join('"%s"' % "".join(
        "\\%03d" % b if b < 32 or b > 126 or b in b'"\\' else chr(b) for b in part) for part in parts)


def zone_data(kind, data, size=None, dot=""):
    """What stands behind the type; None for a name that DNS cannot carry."""
    if kind == "TXT":
        return quoted(data, size)
    if kind == "MX":
        name = data[1].rstrip(".")
        if name and not carried(name):
            return None
        return "%d %s" % (data[0], escape(name, ZONE_MARKS if dot else "") + dot if name else ".")
    if kind in ("PTR", "CNAME"):
        return escape(data.rstrip("."), ZONE_MARKS if dot else "") + dot if carried(data) else None
    return data


ZONE_MARKS = '"();@$'  # mean something in a zone file


def zone_records(scenario, size=None, dot=""):
    for owner, kind, data in scenario.records:
        data = zone_data(kind, data, size, dot)
        if carried(owner) and data is not None:
            yield escape(owner.rstrip("."), ZONE_MARKS if dot else "") + dot, kind, data


def print_flat(suite, found, differs):
    for scenario in found:
        print("scenario\t%s" % scenario.name)
        for record in zone_records(scenario):
            print("zone\t%s %s %s" % record)
        for owner in scenario.timeouts:
            print("zone\t%s * TIMEOUT" % escape(owner))
        for name, client, helo, sender, results in scenario.cases:
            title = "%s: %s" % (scenario.name, name)
            print("\t".join(["case", "%s, %s" % (suite, title), client, field(helo), field(sender),
                             ",".join(results), "differs" if title in differs else "kept"]))


def print_zone(scenario):
    """A root zone. Names with a CNAME keep nothing else, as a server demands it."""
    print("$ORIGIN .\n$TTL 60")
    print(". SOA ns.root. hostmaster.root. 1 3600 600 86400 60\n. NS ns.root.\nns.root. A 127.0.0.1")
    aliases = {owner.lower() for owner, kind, _ in zone_records(scenario, 255, ".") if kind == "CNAME"}
    seen = set()
    for owner, kind, data in zone_records(scenario, 255, "."):
        line = "%s %s %s" % (owner, kind, data)
        if (owner.lower() in aliases) == (kind == "CNAME") and line.lower() not in seen:
            seen.add(line.lower())
            print(line)


def meets_timeout(case, scenario):
    """Could the case ask a name that times out? Names are followed through the texts that hold them."""
    _, _, helo, sender, _ = case
    todo = [(sender.rpartition("@")[2] or helo).lower().rstrip(".")]
    bad = {owner.lower().rstrip(".") for owner in scenario.timeouts}
    texts = {}
    for owner, kind, data in scenario.records:
        text = data[1] if kind == "MX" else data
        texts.setdefault(owner.lower().rstrip("."), []).append(text.lower())
    names, met = set(texts) | bad, set()
    while todo:
        name = todo.pop()
        if name in bad:
            return True
        if name in met:
            continue
        met.add(name)
        held = " ".join(texts.get(name, []))
        todo.extend(other for other in names if other in held)
    return False


def print_cases(scenario):
    for case in scenario.cases:
        if not meets_timeout(case, scenario):
            name, client, helo, sender, results = case
            print("\t".join([name, client, field(helo), field(sender), ",".join(results)]))


def chosen(found, wanted):
    for number, scenario in enumerate(found, 1):
        if wanted in (str(number), scenario.name):
            return scenario
    sys.exit("spf_cases.py: no scenario '%s'" % wanted)


def titles(path):
    with open(path, encoding="utf-8") as file:
        return {line.split(None, 1)[1].strip() for line in file if line.strip() and not line.startswith("#")}


def main():
    parser = argparse.ArgumentParser(description="open SPF suites as lines, zones and cases")
    parser.add_argument("suite", nargs="+")
    parser.add_argument("--name", help="of the suite, in front of every case")
    parser.add_argument("--differs", metavar="FILE")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--list", action="store_true")
    mode.add_argument("--zone", metavar="SCENARIO")
    mode.add_argument("--cases", metavar="SCENARIO")
    args = parser.parse_args()
    found = [scenario for path in args.suite for scenario in scenarios(path)]
    if args.list:
        for number, scenario in enumerate(found, 1):
            print("%d\t%s" % (number, scenario.name))
    elif args.zone:
        print_zone(chosen(found, args.zone))
    elif args.cases:
        print_cases(chosen(found, args.cases))
    else:
        print_flat(args.name or "suite", found, titles(args.differs) if args.differs else set())


if __name__ == "__main__":
    main()
