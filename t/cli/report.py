#!/usr/bin/python3
"""report.py - makes verdicts of a site, as a mail log and as records, for t/cli/report.sh, t/page and t/bench/report.

    report.py TEMPLATE DAYS A_DAY VENDORS RECORDS LOG   TEMPLATE is a record of greenlane explain --json, of which the
                                                        records are copies with other values

The same arguments give the same verdicts. Vendors are v01, v02, ...: v01.example signs, has SPF and addresses; the
DKIM signatures of v02 break at noon of the day in the middle. v03 is mended after a break of a quarter of the time.
One message of v01 is refused although its network sends proven mail. 198.51.100.9 forwards.
"""
import json
import random
import sys

START = 0x6a000000  # 2026-05-10T03:51:12Z
ABSENT = "-"


class Site:
    def __init__(self, days, a_day, vendors):
        self.random = random.Random(1)
        self.days, self.a_day = days, a_day
        self.names = ["v%02d" % (i + 1) for i in range(vendors)]
        self.count = 0
        self.start = START - START % 86400
        self.middle = self.start + days // 2 * 86400 + 43200
        self.quarter = (self.start + days // 4 * 86400, self.start + days // 2 * 86400)

    def verdict(self, when, **values):
        self.count += 1
        out = {
            "id": "%08x.1.%x" % (when, self.count), "qid": "4b%x" % self.count, "outcome": "stranger", "action": "pass",
            "vendor": ABSENT, "reason": "no-claim", "stage": "eom", "mode": "enforce", "client": "203.0.113.5",
            "port": 25, "listed": ABSENT, "via": ABSENT, "helo": "h.example", "mail_from": "a@s.example",
            "from": "a@s.example", "rcpts": ["anna@rx.example"], "spf": "pass", "dkim": [], "dmarc": "none",
            "greylist": "off", "msgid": "<%d@x.example>" % self.count, "ms": self.random.choice([1, 1, 2, 3, 8, 40]),
            "tries": None, "waited": None}
        out.update(values)
        out["when"] = when
        return out

    def vendor(self, name, when):
        """One message: proven, unproven for want of a signature, or forged."""
        number = int(name[1:])
        broken = name == "v02" and when >= self.middle or name == "v03" and self.quarter[0] <= when < self.quarter[1]
        host = "192.0.%d.%d" % (number, self.random.randint(1, 9))
        values = {"vendor": name, "mail_from": "bounce@%s.example" % name, "from": "desk@%s.example" % name,
                  "rcpts": ["u%d@rx.example" % self.random.randint(0, 40)], "client": host, "helo": "out.%s.example" % name}
        if self.random.random() < 0.1:
            return self.verdict(when, **{**values, "outcome": "forged", "action": "reject", "reason": "nothing-proven",
                                         "client": "198.18.%d.7" % self.random.choice([1, 1, 1, 2, 3]), "spf": "fail",
                                         "dmarc": "fail"})
        good = not broken
        values["dkim"] = [{"d": "%s.example" % name, "result": "pass" if good else "fail", "counts": good}]
        if good or self.random.random() < 0.5:
            return self.verdict(when, **{**values, "outcome": "vouched", "reason": "proven", "dmarc": "pass",
                                         "listed": "cidr:192.0.%d.0/24" % number})
        waited = self.random.random() < 0.5
        return self.verdict(when, **{**values, "outcome": "unproven", "reason": "partly-proven", "dmarc": "pass",
                                     "listed": "cidr:192.0.%d.0/24" % number,
                                     "mail_from": "b@customer.example",
                                     "greylist": "due" if waited else "new", "action": "pass" if waited else "greylist",
                                     "tries": 2 if waited else 1, "waited": 400 + number if waited else 0})

    def stranger(self, when):
        kind = self.random.random()
        domain = "s%d.example" % self.random.randint(0, 9)
        values = {"mail_from": "b%d@%s" % (self.count, domain), "from": "b@%s" % domain, "dmarc": "pass",
                  "dkim": [{"d": domain, "result": "pass", "counts": True}]}
        if kind < 0.1:
            return [self.verdict(when, outcome="exempt", reason="authenticated", spf=ABSENT, dmarc=ABSENT)]
        if kind < 0.15:
            return [self.verdict(when, **{**values, "client": "198.51.100.9", "helo": "alumni.example", "spf": "fail"})]
        if kind < 0.5:
            return [self.verdict(when, **values, greylist="known", tries=1, waited=0)]
        first = self.verdict(when, **{**values, "dkim": []}, action="greylist", greylist="new", tries=1, waited=0)
        if kind < 0.7:
            return [first]
        later = self.random.randint(310, 900)
        return [first, self.verdict(when + later, **values, greylist="due", tries=2, waited=later)]

    def all(self):
        for day in range(self.days):
            for i in range(self.a_day):
                when = self.start + day * 86400 + i * 86400 // self.a_day
                if self.names and self.random.random() < 0.6:
                    yield self.vendor(self.random.choice(self.names), when)
                else:
                    yield from self.stranger(when)
        if self.names:
            end = self.start + self.days * 86400 - 60
            for client, helo in (("192.0.1.77", "new.v01.example"), ("198.51.100.9", "alumni.example")):
                yield self.verdict(end, outcome="forged", action="reject", vendor="v01", reason="nothing-proven", client=client,
                                   helo=helo, mail_from="x@v01.example", **{"from": "desk@v01.example"}, spf="fail")


def quoted(value):
    text = "".join(c if 0x20 <= ord(c) < 0x7f and c not in '"\\' else
                   "\\" + c if c in '"\\' else "".join("\\x%02x" % b for b in c.encode()) for c in str(value))
    return '"%s"' % text if " " in text or "\\" in text else text


def line(verdict):
    words = []
    for key, value in verdict.items():
        if key == "when":
            continue
        if key == "dkim":
            value = ",".join(s["result"] + ":" + s["d"] for s in value) or ABSENT
        elif key == "rcpts":
            value = ",".join(value)
        elif value is None:
            value = ABSENT
        words.append("%s=%s" % (key, quoted(value)))
    return " ".join(words)


def stamp(when):
    import time
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when))


def record(template, verdict):
    out = dict(template)
    for key, value in verdict.items():
        if key == "dkim":
            value = [{"d": s["d"], "s": "s", "a": "rsa-sha256", "result": s["result"], "counts": s["counts"],
                      **({} if s["counts"] else {"why": "signature"}), "weak": False, "secure": False,
                      "passes": s["counts"], "reply_open": False} for s in value]
        if key != "when":
            out[key] = value
    out["time"] = stamp(verdict["when"]) + ".000Z"
    local, domain = verdict["mail_from"].split("@")
    out["facts"] = {**template["facts"], "now": verdict["when"], "sender_local": local, "sender_domain": domain,
                    "spf_domain": domain, "null_sender": False, "vendors": {}}
    out.pop("explanation", None)
    out.pop("not_given", None)
    return out


def main():
    template, days, a_day, vendors, records, log = sys.argv[1:]
    with open(template) as file:
        shape = json.load(file)
    verdicts = sorted(Site(int(days), int(a_day), int(vendors)).all(), key=lambda verdict: verdict["when"])
    with open(records, "w") as out:
        for verdict in verdicts if records != "/dev/null" else []:
            out.write(json.dumps(record(shape, verdict), separators=(",", ":")) + "\n")
    with open(log, "w") as out:
        for verdict in verdicts:
            out.write("%s.000000+00:00 mx greenlaned[9]: %s\n" % (stamp(verdict["when"]), line(verdict)))
            out.write("%s.000000+00:00 mx postfix/smtpd[3]: connect from unknown\n" % stamp(verdict["when"]))


if __name__ == "__main__":
    main()
