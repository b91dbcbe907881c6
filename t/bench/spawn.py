#!/usr/bin/python3
"""Starts a program for each connection, with the connection as its input and output, as Postfix's spawn(8) does.

usage: spawn.py SOCKET PROGRAM [ARGUMENT...]
"""
import os
import signal
import socket
import sys


def start(connection, command):
    if os.fork() > 0:
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(connection.fileno(), 0)
    os.dup2(connection.fileno(), 1)
    os.execvp(command[0], command)


def reap(_number, _frame):
    """Their CPU time becomes this process's."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


def main():
    listener = socket.socket(socket.AF_UNIX)
    signal.signal(signal.SIGCHLD, reap)
    listener.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o666)
    listener.listen(128)
    while True:
        connection, _ = listener.accept()
        start(connection, sys.argv[2:])
        connection.close()


if __name__ == "__main__":
    main()
