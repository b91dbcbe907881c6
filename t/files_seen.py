"""files_seen.py - the files that greenlaned used in a trace, and whether its AppArmor profile allows that.

    files_seen.py used PROGRAM < TRACE      prints "RIGHTS PATH" of each file that strace -f -y saw it use
    files_seen.py refused PROGRAM < TRACE   prints the paths that the system refused it (EACCES)
    files_seen.py denied RULES < USED       prints those of which no rule gives the rights; RULES: by apparmor_parser -p

As in syscalls.py a process counts until it runs another program. Rights are AppArmor's: r, w (also to make, remove, rename or bind),
l (to give another name), m (to load). The path of a directory ends in /; what only asks about a file needs no right.
"""
import itertools
import re
import sys

LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?([a-z_0-9]+)(\(| resumed>)(.*)$")
NAME = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
FLAGS = re.compile(r'", ((?:O_[A-Z]+\|?)+)')
SOCKET = re.compile(r'sun_path="([^"]*)"')
LOADED = re.compile(r"PROT_EXEC.*, \d+<([^>]*)>")
FOLDERS = {"mkdir", "mkdirat", "rmdir"}
WRITES = {"unlink", "unlinkat", "rename", "renameat", "renameat2", "chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate", "mknod",
          "mknodat", "symlink", "symlinkat"} | FOLDERS
LINKS = {"link", "linkat"}


def names(rest):
    """The paths of a call, those below an open directory with that."""
    for folder, name in NAME.findall(rest):
        yield name if name.startswith("/") or not folder.startswith("/") else folder.rstrip("/") + "/" + name


def opened(rest):
    flags = FLAGS.search(rest).group(1).split("|")
    rights = "r" if "O_RDONLY" in flags else "w" if "O_WRONLY" in flags else "rw"
    if "O_PATH" not in flags:
        yield rights + ("w" if "O_CREAT" in flags and rights == "r" else ""), next(names(rest)) + ("/" if "O_DIRECTORY" in flags else "")


def used(call, rest):
    if call in ("open", "openat"):
        yield from opened(rest)
    elif call in ("bind", "connect"):
        yield from (("w", path) for path in SOCKET.findall(rest) if path)
    elif call == "mmap":
        yield from (("m", path) for path in LOADED.findall(rest))
    elif call in LINKS:
        yield "l", list(names(rest))[-1]
    elif call in WRITES and "= -1 EEXIST" not in rest:
        folder = "/" if call in FOLDERS or "AT_REMOVEDIR" in rest else ""
        yield from (("w", path + folder) for path in names(rest))


def calls(lines, program):
    """(name, arguments and result) of each call, of those that were interrupted as well."""
    begun, strangers = {}, set()
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        pid, call, how, rest = match.groups()
        if rest.endswith("<unfinished ...>"):
            begun[pid] = rest[:-len("<unfinished ...>")]
            if call != "execve":
                continue
        elif how != "(":
            rest = begun.pop(pid, "") + rest
        if call in ("clone", "clone3", "fork", "vfork") and pid in strangers:
            strangers |= set(re.findall(r"= (\d+)", rest))
        if call == "execve" and not rest.startswith('"' + program + '"'):
            strangers.add(pid)
        if pid not in strangers:
            yield call, rest


def unfold(text, variables):
    """Each value that its @{variables} give it."""
    match = re.search(r"@\{(\w+)\}", text)
    if not match:
        return [text]
    values = variables.get(match.group(1), ())
    return itertools.chain(*(unfold(text.replace(match.group(0), value.strip('"')), variables) for value in values))


def pattern(text):
    """AppArmor's globs: ** crosses directories, * and ? do not; {a,b} is either; a star at the end of a path is not empty."""
    out, depth = "", 0
    simple = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}
    for token in re.findall(r"\*\*|\[[^\]]*\]|\\.|.", re.sub("/+", "/", text)):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if token == "," and depth:
            out += "|"
        else:
            out += token if token[0] in "[\\" else simple.get(token, re.escape(token))
    return re.compile(out[:-1] + "+" if re.search(r"/\*+$", text) else out)


def rules(lines):
    variables, out = {}, []
    for line in lines:
        match = re.match(r"@\{(\w+)\} *\+?= *(.*)$", line)
        if match:
            variables.setdefault(match.group(1), []).extend(re.findall(r'"[^"]*"|\S+', match.group(2)))
        match = re.match(r"\s*([@/]\S*)\s+([a-z]+)\s*,", line)
        if match:
            out += [(pattern(path), set(match.group(2))) for path in unfold(match.group(1), variables)]
    return out


def denied(uses, known):
    for rights, path in (use.rstrip("\n").split(" ", 1) for use in uses if not use.startswith("#")):
        given = set().union(*(right for glob, right in known if glob.fullmatch(path)))
        if not set(rights) <= given:
            yield rights + " " + path


def main():
    if sys.argv[1] == "used":
        found = {right + " " + path for call, rest in calls(sys.stdin, sys.argv[2]) for right, path in used(call, rest)}
    elif sys.argv[1] == "refused":
        found = {path for call, rest in calls(sys.stdin, sys.argv[2]) if "= -1 EACCES" in rest for path in names(rest)}
    else:
        found = denied(sys.stdin, rules(open(sys.argv[2])))
    print("".join(line + "\n" for line in sorted(found)), end="")


if __name__ == "__main__":
    main()
