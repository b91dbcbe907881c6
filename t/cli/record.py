"""A record of greenlane (greenlane-record(5)), for the scripts here that write fixed ones."""
import json
import time


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".000Z"


def author(address, **changes):
    local, _, domain = address.rpartition("@")
    return {"local": local, "domain": domain, "spf_from": "none", "dmarc": "none", "policy": "none", "testing": False, "record": "",
            "organisation": domain, "walk": [], "spf_aligned": False, "dkim_aligned": False, "by": "nothing", "signed_by": "nothing",
            "said": "none"} | changes


def signature(domain, selector="s1", weak=""):
    out = {"d": domain, "s": selector, "a": "rsa-sha256", "result": "pass", "counts": not weak, "weak": bool(weak), "passes": True,
           "secure": False, "reply_open": False}
    if weak:
        out["why"] = weak
    return out


def record(when, number, sender, envelope, client, facts, **changes):
    """One of a stranger, but for the changes; facts are those of its "facts"."""
    known = {"now": when, "stage": "eom", "client_name": "", "peer": client, "client_hidden": False, "perhaps_relayed": False,
             "auth": "", "daemon_name": "", "null_sender": envelope == "<>", "sender_local": envelope.rpartition("@")[0],
             "sender_domain": envelope.rpartition("@")[2].strip("<>"), "spf_by_helo": False, "spf_domain": envelope.rpartition("@")[2].strip("<>"),
             "from_state": "read", "from_raw": "", "from_too_long": False, "from_fields": 1, "from_stopped": 0,
             "authors": [author(sender)], "replies": [], "replies_unclear": False, "dkim_done": True, "live": [], "sources": [],
             "vendors": {}, "unsure_since": 0, "names": [], "answered_since": 0, "failed": False}
    whole = {"v": 2, "time": stamp(when), "policy": "-", "sources": "-", "id": "%x.1.%x" % (when, number), "qid": "-",
             "outcome": "stranger", "action": "pass", "vendor": "-", "reason": "no-claim", "stage": "eom", "mode": "enforce",
             "client": client, "port": 0, "listed": "-", "via": "-", "helo": "h.example", "mail_from": envelope, "from": sender,
             "rcpts": ["anna@rx.example"], "spf": "pass", "dkim": [], "dmarc": "none", "greylist": "due", "msgid": "-", "ms": 1,
             "tries": None, "waited": None}
    return json.dumps(whole | changes | {"facts": known | facts})
