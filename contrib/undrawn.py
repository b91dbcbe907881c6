#!/usr/bin/python3
"""Makes policy/mail/undrawn_table.c from Unicode's data, as Debian's package unicode-data has it.

usage: contrib/undrawn.py [DIRECTORY] > policy/mail/undrawn_table.c

Three sets beyond ASCII, each as the fewest ranges:
  undrawn  what mail readers do not draw: Default_Ignorable_Code_Point, Bidi_Control
  blanks   what mail readers draw as blank: White_Space, and the controls of C1
  marks    punctuation, symbols and separators (categories P, S, Z), which are part of no name; except those that
           IDNA allows between letters (RFC 5892, A.3 to A.7: CONTEXTO; others: LABEL), and those that represent
           what a label may hold (a circled letter, forms of the low line), which IDNA maps
"""
import os
import re
import sys

folder = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/unicode"
CONTEXTO = {0x00B7, 0x0375, 0x05F3, 0x05F4, 0x30FB}
LABEL = {0x0F0B, 0x2260, 0x226E, 0x226F}  # a Tibetan mark (RFC 5892, 2.6); by UTS 46 a stroke through =, < and >


def lines(name):
    with open(os.path.join(folder, name), encoding="utf-8") as f:
        yield from f


def having(name, *properties):
    found = set()
    for line in lines(name):
        match = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*(\w+)", line)
        if match and match[3] in properties:
            found.update(range(int(match[1], 16), int(match[2] or match[1], 16) + 1))
    return found


def categories(letters):
    found, first = set(), None
    for line in lines("UnicodeData.txt"):
        point, name, category = line.split(";")[:3]
        point = int(point, 16)
        if name.endswith("First>"):
            first = point
        elif category[0] in letters:
            found.update(range(first if name.endswith("Last>") else point, point + 1))
    return found


def decompositions():
    found = {}
    for line in lines("UnicodeData.txt"):
        fields = line.split(";")
        words = [word for word in fields[5].split() if not word.startswith("<")]
        if words:
            found[int(fields[0], 16)] = [int(word, 16) for word in words]
    return found


def decomposed(point, table):
    if point not in table:
        return [point]
    return [deep for part in table[point] for deep in decomposed(part, table)]


def ranges(points):
    out = []
    for point in sorted(points):
        if out and out[-1][1] == point - 1:
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def version():
    return re.search(r"-([0-9.]+)\.txt", next(lines("PropList.txt")))[1]


undrawn = having("DerivedCoreProperties.txt", "Default_Ignorable_Code_Point") | having("PropList.txt", "Bidi_Control")
blanks = having("PropList.txt", "White_Space") | set(range(0x80, 0xA0))
table = decompositions()
letters = categories("LMN") | CONTEXTO | LABEL | {ord("-"), ord("_")}
marks = {point for point in categories("PSZ") - CONTEXTO - LABEL
         if point not in table or not letters.issuperset(decomposed(point, table))}
blanks -= undrawn
marks -= undrawn | blanks

print(f"/* Unicode {version()}. Made by contrib/undrawn.py, which says what the sets are; do not edit. */")
print('#include "policy/mail/undrawn.h"')
for name, points in (("undrawn", undrawn), ("blanks", blanks), ("marks", marks)):
    rows = [f"{{ 0x{a:x}, 0x{b:x} }}" for a, b in ranges({p for p in points if p >= 0x80})]
    print(f"\nstatic const struct range {name}[] = {{")
    for i in range(0, len(rows), 5):
        print("\t" + ", ".join(rows[i:i + 5]) + ",")
    print("};")
print("""
const struct undrawn_set undrawn_sets[] = {
	[DRAWN_NOT] = { undrawn, sizeof undrawn / sizeof *undrawn },
	[DRAWN_BLANK] = { blanks, sizeof blanks / sizeof *blanks },
	[DRAWN_MARK] = { marks, sizeof marks / sizeof *marks },
};""")
