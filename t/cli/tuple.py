"""Prints a record of the greylist as a store keeps it: tuple.py FIRST LAST PASSED ASKED. Times may be "now-100"."""
import calendar
import sys
import time


def when(word):
    return calendar.timegm(time.gmtime()) - int(word[4:] or 0) if word.startswith("now") else int(word)


first, last, passed, asked = when(sys.argv[1]), when(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
head = b"\x01" + first.to_bytes(7, "big")
tail = last.to_bytes(7, "big") + passed.to_bytes(4, "big") + asked.to_bytes(4, "big")
check = 0
for byte in head + tail:
    check = ((check << 1 | check >> 7) & 255) ^ byte
sys.stdout.buffer.write(head + bytes([check]) + tail)
