#!/usr/bin/python3
"""Types README's blocks as they stand.

usage: readme.py README show SECTION N    prints the N-th indented block of the section ("## Install", "### Postfix"); what
                                          begins with "# /PATH" is a block of its own
       readme.py README type SECTION N    does what it says: such a block is text for that file, any other is commands, run by sh
                                          one after the other

In main.cf and greenlane.conf text takes the place of settings of the same name; another file becomes what
the block says. Exit: that of the first command that fails.
"""
import os
import re
import subprocess
import sys
import textwrap


def blocks(text, section):
    lines = text.split("\n")
    start = lines.index(section) + 1
    found, block = [], []
    for line in lines[start:] + ["#"]:
        if line.startswith("    "):
            block.append(line[4:])
            continue
        if line == "" and block:
            block.append("")
            continue
        if block:
            text = textwrap.dedent("\n".join(block)).strip("\n") + "\n"
            found += [part.strip("\n") + "\n" for part in re.split(r"^(?=# /)", text, flags=re.M) if part.strip("\n")]
        block = []
        if line.startswith("#"):
            break
    return found


def without(text, name):
    """greenlane.conf without the setting."""
    start = re.search(rf"^{name}\s*=", text, re.M)
    if not start:
        return text
    depth, at = 0, start.end()
    while text[at] != ";" or depth > 0:
        if text[at] == "#":
            at = text.index("\n", at)
        elif text[at] == '"':
            at = text.index('"', at + 1)
        depth += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(text[at], 0)
        at += 1
    return text[:start.start()] + text[at + 1:]


def write(path, text):
    old = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            old = file.read()
    if path.endswith("/main.cf"):
        for name in re.findall(r"^(\w+)\s*=", text, re.M):
            old = re.sub(rf"^{name}\s*=.*\n(\s+.*\n)*", "", old, flags=re.M)
        text = old + text
    elif path.endswith("/greenlane.conf"):
        for name in re.findall(r"^(\w+)\s*=", text, re.M):
            old = without(old, name)
        text = old + text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def type_block(block):
    file = re.match(r"# (/\S+)\n", block)
    if file:
        write(file[1], block[file.end():])
        return 0
    print("+ " + block.rstrip().replace("\n", "\n+ "), flush=True)
    return subprocess.run(["sh", "-ec", block], check=False).returncode


def main(arguments):
    if len(arguments) != 4 or arguments[1] not in ("show", "type"):
        sys.exit(__doc__)
    with open(arguments[0], encoding="utf-8") as file:
        block = blocks(file.read(), arguments[2])[int(arguments[3]) - 1]
    if arguments[1] == "type":
        return type_block(block)
    sys.stdout.write(block)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
