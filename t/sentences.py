#!/usr/bin/python3
"""Which sentences can greenlane log, replay, suggest and explain --id print that no golden file says?

    sentences.py TOP UNSAID    a line for each sentence that is neither said nor in UNSAID, and for each line of UNSAID that is
                               said or that no source has any more
    sentences.py TOP           lists all that are not said, by their file

A sentence is a string literal of the sources below with a word and a blank. It is said where, for each of its lines, a line of
a golden file has all that stands between its conversions, in their order. A line of UNSAID is the sentence as C has it, a tab,
and why no test reaches it.

What comes from the faults of a configuration (t/conf), of options, of DNS and of libraries is not theirs, and not looked at; nor
is the vendor file that suggest drafts (t/draft_t.c).
"""
import pathlib
import re
import sys

STORIES = "t/cli/log.golden t/cli/privacy.golden t/cli/replay.golden t/cli/suggest.golden"
# What prints them, and who compares that whole.
GROUPS = [
    ("milter/tool/cmd.c milter/tool/cmd_log.c milter/tool/cmd_replay.c milter/tool/cmd_suggest.c milter/tool/line_pool.c "
     "milter/tool/hidden_query.c policy/review/privacy.c milter/tool/records.c milter/tool/recorded_message.c milter/system/lines.c policy/review/cannot_counts.c policy/review/judge_again.c "
     "policy/review/kept_names.c policy/review/log_line.c policy/review/look_alike.c policy/review/record_read.c "
     "policy/review/record_sources.c policy/review/record_value.c policy/review/replay.c policy/review/suggest*.c "
     "policy/review/tries*.c policy/review/waiting.c policy/review/word_list.c policy/rules/reason.c", STORIES),
    ("policy/verdict/explain*.c", STORIES + " t/explain_t.c"),
]

# a comment, "string", 'c', white space, PRId64 and the like, anything else: no two of them begin with the same character
TOKEN = re.compile(r'/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'|(\s+)|(PRI[a-zA-Z0-9]+)|.', re.S)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
CONVERSION = re.compile(r"%[-+ #0]*[0-9]*\*?(?:\.(?:\*|[0-9]+))?(?:hh|h|ll|l|z|j|t)?[a-zA-Z%]|\t")


def unescape(text):
    return re.sub(r"\\x([0-9a-f]{2})|\\(.)", lambda found: chr(int(found[1], 16)) if found[1] else ESCAPES.get(found[2], found[2]), text)


def literals(path):
    """The string literals of a C file as they are written, neighbours joined; of a macro's, each by itself."""
    text, found, joined = path.read_text(encoding="utf-8"), [], None
    for token in TOKEN.finditer(re.sub(r"(?m)^\s*#\s*include.*$", "", text)):
        if token[1] is not None:
            joined = (joined or "") + token[1]
        elif joined is not None and not (token[0].startswith("/*") or token[2] or token[3]):
            found.append(joined)
            joined = None
    return found


def is_sentence(literal):
    words = CONVERSION.sub("", unescape(literal)).strip("\n")
    return " " in words and re.search("[a-z]", words) is not None


def in_order(parts, line):
    at = 0
    for part in parts:
        at = line.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def is_said(literal, said):
    for line in unescape(literal).split("\n"):
        parts = [part for part in CONVERSION.split(line) if part.strip()]
        if parts and not any(in_order(parts, one) for one in said):
            return False
    return True


def said_by(path):
    if path.suffix == ".c":
        return [line for literal in literals(path) for line in unescape(literal).split("\n")]
    return path.read_text(encoding="utf-8").split("\n")


def files(top, patterns):
    """Those that the patterns name; each has to name one."""
    for pattern in patterns.split():
        found = sorted(top.glob(pattern))
        if not found:
            print(f"{pattern}: there is no such file")
        yield from found


def find(top):
    """(file, sentence, is it said) of every sentence."""
    for sources, golden in GROUPS:
        said = [line for path in files(top, golden) for line in said_by(path)]
        for path in files(top, sources):
            for literal in literals(path):
                if is_sentence(literal):
                    yield str(path.relative_to(top)), literal, is_said(literal, said)


def main(top, unsaid=None):
    listed = {}
    for line in pathlib.Path(unsaid).read_text(encoding="utf-8").splitlines() if unsaid else []:
        sentence, _, why = line.partition("\t")
        listed[sentence] = why
        if not why:
            print(f'"{sentence}": say behind a tab why no test reaches it')
    found = list(find(pathlib.Path(top)))
    for path, literal, is_it_said in found:
        if not is_it_said and literal not in listed:
            print(f'{path}: "{literal}"')
    for sentence in listed:
        if not any(literal == sentence and not is_it_said for _, literal, is_it_said in found):
            print(f'"{sentence}": is said, or in no source any more; take it out of the list')


main(*sys.argv[1:])
