#!/usr/bin/python3
"""A policy server that somebody else runs: one answer for each recipient, over and over.

policyd.py PORT [PATTERN ACTION]...   the first PATTERN (a regular expression) that finds itself in a
                                      request's recipient= decides; no pattern does: DUNNO

An ACTION is what access(5) allows. Answers on 127.0.0.1 until it is ended.
"""
import re
import socketserver
import sys


class Policy(socketserver.StreamRequestHandler):
    def handle(self):
        request = {}
        for line in self.rfile:
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition("=")
            if name:
                request[name] = value
                continue
            self.wfile.write(b"action=" + decide(request.get("recipient", "")).encode() + b"\n\n")
            request = {}


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def decide(recipient):
    for pattern, action in zip(rules[::2], rules[1::2]):
        if re.search(pattern, recipient):
            return action
    return "DUNNO"


rules = sys.argv[2:]
Server(("127.0.0.1", int(sys.argv[1])), Policy).serve_forever()
