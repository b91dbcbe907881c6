#!/usr/bin/python3
"""TAP: nothing planted in state_dir blocks greenlaned or greenlane, or makes them touch files elsewhere.

state.py GREENLANED GREENLANE WORLD: WORLD is an empty directory that the daemon can enter. As root, the daemon runs as
nobody, who owns state_dir; else as the caller.
"""
import os, pwd, shutil, socket, stat, subprocess, sys, threading

PATIENCE = 120
greenlaned, greenlane, world = sys.argv[1:]
root = os.geteuid() == 0
user = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
state = world + "/state"
outside = world + "/outside"
count = failed = 0


def ok(good, name, note=""):
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", name, flush=True)
    if not good:
        print("# " + note.replace("\n", "\n# "))
    return good


# ---- a name server that knows one address ----

names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 0))


def serve():
    while True:
        question, client = names.recvfrom(4096)
        end = 12
        while question[end]:
            end += question[end] + 1
        qtype = question[end + 1:end + 3]
        asked = question[12:end + 5]
        known = question[12:end + 1].lower() == b"\x03out\x04acme\x07example\0" and qtype == b"\0\1"
        answer = b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4\x14\3\0\1" if known else b""
        names.sendto(question[:2] + (b"\x81\x80" if known else b"\x81\x83") + b"\0\1" +
                     (b"\0\1" if known else b"\0\0") + b"\0\0\0\0" + asked + answer, client)


threading.Thread(target=serve, daemon=True).start()

# ---- the site ----

os.mkdir(world + "/vendors")
with open(world + "/vendors/acme.conf", "w") as file:
    file.write('vendor = { name = "acme"; domains = [ "acme.example" ]; sources = ( { a = "out.acme.example"; } ); };\n')
with open(world + "/conf", "w") as file:
    file.write(f'''vendor_path = [ "{world}/vendors" ];
vendors = ( {{ name = "acme"; }} );
milter = {{ listen = "unix:{world}/run/socket"; }};
state_dir = "{state}";
control = {{ listen = "unix:{world}/control.sock"; }};
user = "{user.pw_name}";
dns = {{ servers = [ "127.0.0.1@{names.getsockname()[1]}" ]; }};
''')


def fresh():
    """Makes a state_dir as a first run leaves it, and files outside of it."""
    shutil.rmtree(state, ignore_errors=True)
    shutil.rmtree(outside, ignore_errors=True)
    for folder in state, state + "/sources", state + "/greylist":
        os.mkdir(folder, 0o750)
        os.chown(folder, user.pw_uid, user.pw_gid)
    os.mkdir(outside)
    with open(outside + "/file", "w") as file:
        file.write("outside\n")
    os.mkdir(outside + "/folder")
    # the daemon has permission to write there: only not following links keeps it from doing so
    for path in outside, outside + "/file", outside + "/folder":
        os.chown(path, user.pw_uid, user.pw_gid)


def untouched():
    with open(outside + "/file", "rb") as file:
        text = file.read()
    owners = {os.stat(outside + name).st_uid for name in ("", "/file", "/folder")}
    return text == b"outside\n" and sorted(os.listdir(outside)) == ["file", "folder"] and \
        not os.listdir(outside + "/folder") and owners == {user.pw_uid}


# ---- what is planted ----

def plant_socket(path):
    here = socket.socket(socket.AF_UNIX)
    here.bind(path)
    here.close()


kinds = {
    "a pipe": os.mkfifo,
    "a link to a file": lambda path: os.symlink(outside + "/file", path),
    "a link to nowhere": lambda path: os.symlink(outside + "/nowhere", path),
    "a link to a directory": lambda path: os.symlink(outside + "/folder", path),
    "a link to /dev/zero": lambda path: os.symlink("/dev/zero", path),
    "a directory": os.mkdir,
    "a socket": plant_socket,
}
if root:
    kinds["a device"] = lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))


def plant(kind, *places):
    """Puts it in the place of what is there, as the daemon's user would: links belong to that user."""
    for place in places:
        path = state + "/" + place
        if os.path.isdir(path):
            shutil.rmtree(path)
        kinds[kind](path)
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


# ---- the programs ----

def start():
    """Returns the daemon, and what it printed until it served or ended."""
    daemon = subprocess.Popen([greenlaned, "-f", "-c", world + "/conf"], stderr=subprocess.PIPE, text=True)
    watch = threading.Timer(PATIENCE, daemon.kill)
    watch.start()
    said = ""
    for line in daemon.stderr:
        said += line
        if " serves " in line:
            break
    watch.cancel()
    return daemon, said


def stop(daemon):
    """Returns the exit status, and the rest of what it printed."""
    daemon.terminate()
    try:
        said = daemon.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        daemon.kill()
        said = daemon.communicate()[1] + "killed\n"
    return daemon.returncode, said


def end(daemon):
    """Kills it: libmilter takes seconds to end."""
    daemon.kill()
    daemon.wait()


def tool(*arguments):
    try:
        run = subprocess.run([greenlane, "-c", world + "/conf", *arguments], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=PATIENCE)
        return run.returncode, run.stdout + run.stderr
    except subprocess.TimeoutExpired:
        return None, "it did not end"


def names_all(said, places):
    return all(any(f"{state}/{place}: is " in line and "and is not used" in line for line in said.splitlines()) for place in places)


def with_files(kind):
    fresh()
    copies = ["sources/a:out.acme.example." + end for end in ("copy", "pending", "accepted")]
    marks = ["sources/vendor:acme.accepted"]
    plant(kind, "usage", "greylist/data.mdb", *copies, *marks)
    status, said = tool("sources")
    ok(status in (0, 1) and names_all(said, ["usage", *copies, *marks]), f"{kind} for each file: greenlane names what it does not use", said)
    daemon, said = start()
    ok(" serves " in said and names_all(said, ["usage", "greylist/data.mdb", copies[0]]), "greenlaned starts, and names what it does not use", said)
    status, _ = tool("sources", "--accept")
    ok(status == (73 if kind == "a directory" else 0), "what was believed is accepted, unless a directory is in its place")
    if kind == "a pipe":
        status, said = stop(daemon)
        ok(status == 0, "it exits with 0", said)
    end(daemon)
    ok(untouched(), "and nothing outside was touched")
    lies = [copy for copy in copies[:1] + copies[2:] + marks if not stat.S_ISREG(os.lstat(state + "/" + copy).st_mode)]
    ok(bool(lies) == (kind == "a directory"), "copies have taken their places again", repr(lies))


def with_the_rest(kind):
    fresh()
    plant(kind, "greylist/lock.mdb")
    daemon, said = start()
    ok(" serves " in said and names_all(said, ["greylist/lock.mdb"]), f"{kind} for LMDB's lock: it starts without a greylist", said)
    end(daemon)
    ok(untouched(), "and nothing outside was touched")
    if kind != "a directory":
        fresh()
        plant(kind, "sources", "greylist")
        daemon, said = start()
        ok(" serves " in said and names_all(said, ["sources"]) and f"{state}/greylist: " in said, f"{kind} for each directory: it starts", said)
        status, said = tool("sources", "--accept")
        ok(status == 73 and names_all(said, ["sources"]), "greenlane accepts nothing", said)
        end(daemon)
        ok(untouched(), "and nothing outside was touched")
    fresh()
    plant(kind, "lock")
    daemon, said = start()
    ok(daemon.wait() == 69 and names_all(said, ["lock"]), f"{kind} for the lock: it says so and does not start", said)
    status, said = tool("status")
    ok(status == 69 and names_all(said, ["lock"]), "and greenlane cannot tell whether it runs", said)
    ok(untouched(), "and nothing outside was touched")


for kind in kinds:
    with_files(kind)
    with_the_rest(kind)
print("1..%d" % count)
sys.exit(failed > 0)
