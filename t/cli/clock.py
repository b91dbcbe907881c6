#!/usr/bin/python3
"""TAP: greenlaned while the clock is set back and forth (t/lib/clock_step.c, preloaded).

clock.py GREENLANED CONF SOCKET STEP-FILE: $STEP_OBJECT is preloaded into the daemon only.
"""
import os, queue, re, socket, struct, subprocess, sys, threading

PATIENCE = 120  # for what comes at once, however slow the host is
STEPS = 50      # each right after a line of the log, while its writer waits for the next
HOUR = 3600

daemon_path, conf, socket_path, step_file = sys.argv[1:]
environment = dict(os.environ, LD_PRELOAD=os.environ["STEP_OBJECT"], CLOCK_STEP=step_file,
                   ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))
count = failed = 0


def ok(good, name):
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", name, flush=True)
    return good


def step(seconds):
    with open(step_file + ".new", "w") as file:
        file.write(str(seconds))
    os.rename(step_file + ".new", step_file)


step(0)
daemon = subprocess.Popen([daemon_path, "-f", "-c", conf], stderr=subprocess.PIPE, text=True, env=environment)
lines = queue.Queue()


def read():
    for line in daemon.stderr:
        lines.put(line)
    lines.put("")


threading.Thread(target=read, daemon=True).start()


def comes(text):
    """Waits for a line of the log that contains the text; "" if none comes."""
    try:
        while True:
            line = lines.get(timeout=PATIENCE)
            if text in line:
                return line
            if line == "":  # the daemon has ended
                lines.put(line)
                return ""
    except queue.Empty:
        return ""


def packet(command, data=b""):
    return struct.pack("!IB", len(data) + 1, ord(command)) + data


def message(mta):
    """A mail from this host: its verdict needs no DNS, and is one line of the log."""
    mta.sendall(packet("M", b"<a@example.com>\0") + packet("R", b"<b@example.com>\0") +
                packet("L", b"From\0a@example.com\0") + packet("N") + packet("E"))


def steps(mta, sign):
    before = None
    for i in range(1, STEPS + 1):
        step(sign * i * HOUR)
        message(mta)
        line = comes("outcome=exempt")
        if not line:
            print("# nothing was logged after step", i)
            return False
        then = int(re.search(r"\bid=([0-9a-f]+)", line)[1], 16)  # by the daemon's clock
        if before is not None and abs(then - before - sign * HOUR) > HOUR / 2:
            print("# the clock was not set by step", i)
            return False
        before = then
    return True


try:
    ok(comes(" serves ") != "", "greenlaned runs with a clock that can be set")
    mta = socket.socket(socket.AF_UNIX)
    mta.connect(socket_path)
    threading.Thread(target=lambda: [None for _ in iter(lambda: mta.recv(4096), b"")], daemon=True).start()
    mta.sendall(packet("O", struct.pack("!III", 6, 0x1ff, 0)) +
                packet("C", b"localhost\0" + b"4" + struct.pack("!H", 25) + b"127.0.0.1\0") + packet("H", b"localhost\0"))
    ok(steps(mta, -1), "the log goes on when the clock is set back while its writer waits")
    ok(steps(mta, 1), "and when it is set forward")
    step(-STEPS * HOUR)
    mta.shutdown(socket.SHUT_RDWR)
    daemon.terminate()
    ok(comes("stopped") != "", "it stops with the clock set back")
    ok(daemon.wait(PATIENCE) == 0, "and exits with 0")
finally:
    if daemon.poll() is None:
        daemon.kill()
        daemon.wait()
print("1..%d" % count)
sys.exit(failed > 0)
