"""Speaks to a milter as no MTA does.

usage: packets.py SOCKET serves | macro | random COUNT SERIES | disordered COUNT SERIES

serves: a negotiation is answered. macro: after a macro without a value the milter hangs up. random: COUNT connections, each a
sound beginning and then packets of random commands, lengths and bytes, some of them macros. disordered: packets that an MTA
may send, in an order that none has, and half of the last one.
"""
import random
import socket
import struct
import sys

OFFER = struct.pack(">IB3I", 13, ord("O"), 6, 0x1FF, 0x1FFFFF)
CLIENT = b"mx.example\x004\x10\xe1203.0.113.9\x00"
SOUND = [(b"C", CLIENT), (b"H", b"mx.example\0"), (b"M", b"<a@b.example>\0"), (b"R", b"<c@d.example>\0"), (b"T", b""),
         (b"L", b"From\0 a@b.example\0")] # what follows would ask DNS, which does not answer here

ANYWHERE = [(b"N", b""), (b"B", b"x\r\n"), (b"E", b""), (b"A", b""), (b"U", b"XFOO\0"), (b"K", b""), (b"Q", b""),
            (b"L", b"Subject\0 x\0"), (b"D", b"Mi\0X1\0{auth_authen}\0\0"), (b"D", b"C"), (b"D", b"Ej\0mx.example\0")]


def packet(command, data):
    return struct.pack(">I", len(data) + 1) + command + data


def dial(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(120)
    connection.connect(path)
    connection.sendall(OFFER)
    return connection


def is_answered(connection):
    head = connection.recv(5, socket.MSG_WAITALL)
    return len(head) == 5 and head[4:] == b"O"


def is_closed(connection):
    """Reads to the end."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def some_packet(chance):
    if chance.random() < 0.3: # as it was seen: names and values, not always in pairs
        words = [bytes(chance.choices(b"abij{}_", k=chance.randrange(9))) + b"\0" for _ in range(chance.randrange(6))]
        return packet(b"D", chance.choice(b"CHMRTNE").to_bytes(1, "big") + b"".join(words) + chance.choice([b"", b"x"]))
    data = chance.randbytes(chance.choice([0, 1, 2, 5, 40, 3000]))
    command = chance.choice(b"OCHMRTLBEUAQKDZ").to_bytes(1, "big")
    length = len(data) + 1 if chance.random() < 0.9 else chance.choice([0, 1, 7, 70000, 2 ** 32 - 1])
    return struct.pack(">I", length) + command + data


def random_talk(chance):
    sound = SOUND[:chance.randrange(len(SOUND) + 1)]
    return b"".join(packet(*one) for one in sound) + b"".join(some_packet(chance) for _ in range(chance.randrange(1, 6)))


def disordered_talk(chance):
    """From is in no field here, so that nothing has to be asked of DNS."""
    packets = [packet(*one) for one in SOUND[:5] + ANYWHERE] + [OFFER]
    talk = b"".join(chance.choices(packets, k=chance.randrange(1, 40)))
    return talk[:-chance.randrange(1, 5)] if chance.random() < 0.3 else talk


MAKERS = {"random": random_talk, "disordered": disordered_talk}


def torment(path, count, chance, make):
    for _ in range(count):
        with dial(path) as connection:
            talk = make(chance)
            try:
                connection.sendall(talk)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            is_closed(connection)


def main():
    path, what, *rest = sys.argv[1:]
    if what in MAKERS:
        torment(path, int(rest[0]), random.Random(int(rest[1])), MAKERS[what])
        return
    with dial(path) as connection:
        if not is_answered(connection):
            sys.exit("the milter does not answer a negotiation")
        if what == "macro":
            connection.sendall(packet(b"C", CLIENT) + packet(b"D", b"M{auth_authen}\0") + packet(b"M", b"<a@b.example>\0"))
            is_closed(connection)


if __name__ == "__main__":
    main()
