"""syscalls.py - what a unit lets through, and what a trace has seen.

    syscalls.py denied UNIT < NAMES   prints those system calls that SystemCallFilter= of the unit denies, by systemd-analyze
    syscalls.py seen PROGRAM < TRACE  prints those of strace -f: of the program and what it forks, until that runs another one
"""
import re
import subprocess
import sys


def members(group, known={}):
    """The system calls of @group, groups in it unfolded; {} where this systemd does not know it."""
    if group not in known:
        said = subprocess.run(["systemd-analyze", "syscall-filter", group], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, universal_newlines=True).stdout
        known[group] = set()
        for line in said.splitlines()[1:]:
            name = line.strip()
            if name and not name.startswith("#"):
                known[group] |= members(name) if name.startswith("@") else {name}
    return known[group]


def allowed(unit):
    """As systemd.exec(5) has it: the first line is an allow list, later ones add, or take away with ~."""
    out = set()
    for line in open(unit):
        if not line.startswith("SystemCallFilter="):
            continue
        words = line.split("=", 1)[1].split()
        away = words and words[0].startswith("~")
        if away:
            words[0] = words[0][1:]
        for word in words:
            names = members(word) if word.startswith("@") else {word}
            out = out - names if away else out | names
    return out | members("@default")


def seen(lines, program):
    """Names of calls; processes that have become another program count no more, nor do their children."""
    names, strangers = set(), set()
    call = re.compile(r"^(\d+) +(?:<\.\.\. )?([a-z_0-9]+)(?:\(| resumed>)(.*)$")
    for line in lines:
        match = call.match(line)
        if not match:
            continue
        pid, name, rest = match.groups()
        if name in ("clone", "clone3", "fork", "vfork"):
            child = re.search(r"= (\d+)$", rest)
            if child and pid in strangers:
                strangers.add(child.group(1))
        if pid in strangers:
            continue
        names.add(name)
        if name == "execve" and not rest.startswith('"' + program + '"'):
            if rest.endswith("= 0") or "unfinished" in rest:
                strangers.add(pid)
    return names


def main():
    if sys.argv[1] == "denied":
        wanted = {name for line in sys.stdin for name in line.split("#")[0].split()}
        found = wanted - allowed(sys.argv[2])
    else:
        found = seen(sys.stdin, sys.argv[2])
    print("".join(name + "\n" for name in sorted(found)), end="")


if __name__ == "__main__":
    main()
