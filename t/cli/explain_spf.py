#!/usr/bin/python3
"""Runs random cases of the RFC 7208 suite through `greenlane explain`, with nsd as its name server.

usage: explain_spf.py [COUNT [SEED]]     COUNT 0: every case

Prints TAP, and the seed, so that a failure can be repeated.
"""
import contextlib
import glob
import io
import ipaddress
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUITES = os.path.join(HERE, "..", "suites")
GREENLANE = os.path.join(os.environ.get("top_builddir", "."), "milter", "greenlane")
COUNT = 40

NSD = """server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: ""
    logfile: "{folder}/nsd.log"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: ""
    xfrdir: "{folder}"
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
"""


sys.path.insert(0, SUITES)
sys.dont_write_bytecode = True
import spf_cases # noqa: E402


def all_cases(found):
    for number, scenario in enumerate(found):
        for name, client, helo, sender, results in scenario.cases:
            # loopback is exempt from SPF, and nsd always answers
            if (not ipaddress.ip_address(client).is_loopback
                    and not spf_cases.meets_timeout((name, client, helo, sender, results), scenario)):
                yield number, name, client, helo.encode(), sender.encode(), results


def zone_of(scenario):
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        spf_cases.print_zone(scenario)
    return written.getvalue()


def free_port():
    for port in random.sample(range(20000, 32000), 200):
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue
    sys.exit("Bail out! no free port")


def answers(port):
    """Does a server answer for the SOA of the root?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.1)
        for _ in range(50): # on the same socket: the first question may come too early, an answer late
            try:
                probe.sendto(b"\x12\x34\0\0\0\1\0\0\0\0\0\0\0\0\6\0\1", ("127.0.0.1", port))
                return probe.recv(4096)[:2] == b"\x12\x34"
            except socket.timeout:
                continue
            except OSError:
                return False
        return False


class Nsd:
    """Serves the zone of one scenario while it is open."""

    def __init__(self, folder, zone):
        self.folder, self.port = folder, free_port()
        for name, text in (("root.zone", zone), ("nsd.conf", NSD.format(folder=folder, port=self.port))):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)

    def __enter__(self):
        self.process = subprocess.Popen(["nsd", "-d", "-c", os.path.join(self.folder, "nsd.conf")],
                                        stderr=subprocess.DEVNULL)
        for _ in range(2400): # two minutes, which only a broken server takes
            if answers(self.port):
                return self
            time.sleep(0.05) # sleeps: until it looks again
        self.__exit__()
        sys.exit("Bail out! nsd does not answer: see its log\n" +
                 open(os.path.join(self.folder, "nsd.log"), encoding="utf-8").read())

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def explain(conf, client, helo, sender):
    done = subprocess.run([GREENLANE, "-c", conf, "explain", "--client", client, "--helo", helo,
                           "--mail-from", sender, "--from", "Somebody <a@nobody.invalid>", "--json"],
                          capture_output=True, timeout=600)
    try:
        return json.loads(done.stdout)["spf"]
    except (ValueError, KeyError):
        return "no JSON: exit %d, %s" % (done.returncode, (done.stdout + done.stderr).decode(errors="replace"))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10 ** 6)
    found = [scenario for path in sorted(glob.glob(os.path.join(SUITES, "spf-rfc7208", "*.yml")))
             for scenario in spf_cases.scenarios(path)]
    cases = list(all_cases(found))
    if count:
        cases = random.Random(seed).sample(cases, count)
    print("# seed %d" % seed)
    print("1..%d" % len(cases))
    cases.sort(key=lambda case: case[0]) # one server per scenario
    tried = failed = 0
    with tempfile.TemporaryDirectory(prefix="explain_spf.") as folder:
        conf = os.path.join(folder, "greenlane.conf")
        for number in dict.fromkeys(case[0] for case in cases):
            with Nsd(folder, zone_of(found[number])) as nsd:
                with open(conf, "w", encoding="utf-8") as file:
                    # the suite's clients have private addresses: unless they are a relay's, they are hidden, and SPF is not asked
                    file.write('dns = { servers = [ "127.0.0.1@%d" ]; };\nvendors = ( );\n'
                               'relays = ( { name = "suite"; kind = "forwarder"; networks = [ "192.168.218.0/24" ]; } );\n'
                               % nsd.port)
                for _, name, client, helo, sender, wanted in (c for c in cases if c[0] == number):
                    got = explain(conf, client, helo, sender)
                    tried += 1
                    failed += got not in wanted
                    print("%sok %d - %s: %s is %s" % ("" if got in wanted else "not ", tried, found[number].name, name,
                                                      " or ".join(wanted)))
                    if got not in wanted:
                        print("# got %s" % got)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
