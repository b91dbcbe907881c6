"""A server of tests at a Unix socket: a thread for each client."""
import os
import socket
import threading


def serve_for_ever(path, serve):
    """Prints "ready" once somebody may connect; serve(connection) is one client's."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o777)
    listener.listen(64)
    print("ready", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
