"""unit_filter.py - a program under the filters of system calls that a unit has, as systemd would load them.

    unit_filter.py write UNIT FILE [CALL...]   writes them to a file; these calls are allowed as well
    unit_filter.py run FILE PROGRAM [ARG...]   becomes the program, with what was written in force

They are those of SystemCallFilter=, RestrictAddressFamilies=, RestrictNamespaces=, MemoryDenyWriteExecute= and RestrictSUIDSGID=.
What systemd answers with EPERM ends the process by SIGSYS here, so that no code can go on without what it was denied; the errors
that tell a library to use another way (EAFNOSUPPORT, ENOSYS for clone3) are systemd's. The filters are made by its own libseccomp.
"""
import ctypes
import errno
import os
import socket
import stat
import struct
import sys
import tempfile

sys.dont_write_bytecode = True
import syscalls  # noqa: E402

KILL, ALLOW = 0x80000000, 0x7FFF0000
NOT_EQUAL, LESS, EQUAL, GREATER, MASKED = 1, 2, 4, 6, 7
NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2
SPECIAL = stat.S_ISUID, stat.S_ISGID
NAMESPACES = 0x00000080, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000


def error(number):
    return 0x00050000 | number


class Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    def __init__(self, otherwise):
        self.lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.lib.seccomp_init.restype = ctypes.c_void_p
        self.lib.seccomp_init.argtypes = [ctypes.c_uint32]
        self.lib.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                                    ctypes.POINTER(Compare)]
        self.lib.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
        self.context = self.lib.seccomp_init(otherwise)

    def rule(self, action, call, argument=0, how=None, a=0, b=0):
        """Names that this machine does not have are left out, as systemd does."""
        number = self.lib.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return
        count = 0 if how is None else 1
        wrong = self.lib.seccomp_rule_add_array(self.context, action, number, count, Compare(argument, how or 0, a, b))
        if wrong:
            sys.exit(f"unit_filter.py: {call}: {os.strerror(-wrong)}")

    def program(self):
        with tempfile.TemporaryFile() as file:
            if self.lib.seccomp_export_bpf(self.context, file.fileno()):
                sys.exit("unit_filter.py: libseccomp writes no filter")
            file.seek(0)
            return file.read()


def listed(unit, more):
    out = Filter(KILL)
    for call in sorted(syscalls.allowed(unit) | set(more)):
        out.rule(ALLOW, call)
    return out


def families(names):
    out, numbers = Filter(ALLOW), sorted(int(getattr(socket, name)) for name in names.split())
    out.rule(error(errno.EAFNOSUPPORT), "socket", 0, LESS, numbers[0])
    out.rule(error(errno.EAFNOSUPPORT), "socket", 0, GREATER, numbers[-1])
    for number in range(numbers[0], numbers[-1]):
        if number not in numbers:
            out.rule(error(errno.EAFNOSUPPORT), "socket", 0, EQUAL, number)
    return out


def namespaces(_):
    out = Filter(ALLOW)
    out.rule(error(errno.ENOSYS), "clone3")
    out.rule(KILL, "setns")
    for flag in NAMESPACES:
        out.rule(KILL, "unshare", 0, MASKED, flag, flag)
        out.rule(KILL, "clone", 0, MASKED, flag, flag)
    return out


def write_or_execute(_):
    out = Filter(ALLOW)
    out.rule(KILL, "mmap", 2, MASKED, 2 | 4, 2 | 4)
    out.rule(KILL, "mprotect", 2, MASKED, 4, 4)
    out.rule(KILL, "pkey_mprotect", 2, MASKED, 4, 4)
    out.rule(KILL, "shmat", 2, MASKED, 0o100000, 0o100000)
    return out


def special_modes(_):
    out = Filter(ALLOW)
    places = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2, "mkdir": 1, "mkdirat": 2, "mknod": 1, "mknodat": 2, "creat": 1}
    for call, place in places.items():
        for mode in SPECIAL:
            out.rule(KILL, call, place, MASKED, mode, mode)
    out.rule(error(errno.ENOSYS), "openat2")
    return out


KEYS = {"RestrictAddressFamilies": families, "RestrictNamespaces": namespaces, "MemoryDenyWriteExecute": write_or_execute,
        "RestrictSUIDSGID": special_modes}


def write(unit, path, more):
    programs = [listed(unit, more).program()]
    for line in open(unit):
        key, _, value = line.strip().partition("=")
        if key in KEYS and value not in ("", "no"):
            programs.append(KEYS[key](value).program())
    with open(path, "wb") as file:
        for program in reversed(programs):  # the list, which denies to load more, comes last
            file.write(struct.pack("=I", len(program)) + program)


def load(path):
    libc, whole = ctypes.CDLL(None, use_errno=True), open(path, "rb").read()
    libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    wrong = libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    while whole and not wrong:
        size = struct.unpack("=I", whole[:4])[0]
        program = ctypes.create_string_buffer(whole[4:4 + size], size)
        head = ctypes.create_string_buffer(struct.pack("@HP", size // 8, ctypes.addressof(program)))
        wrong = libc.prctl(SECCOMP, FILTER, ctypes.addressof(head), 0, 0)
        whole = whole[4 + size:]
    if wrong:
        sys.exit(f"unit_filter.py: {os.strerror(ctypes.get_errno())}")


def main():
    if sys.argv[1] == "write":
        write(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        load(sys.argv[2])
        os.execvp(sys.argv[3], sys.argv[3:])


if __name__ == "__main__":
    main()
