"""Runs a command on a pseudo-terminal, which Node cannot make.

    python3 on-terminal.py COLUMNS ROWS COMMAND [ARGUMENT...]

What the command writes goes to standard output. Standard input takes one JSON object a line: {"input": "text"} is typed,
{"columns": 80, "rows": 24} changes the size. It ends with the command's status.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios


def set_size(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    columns, rows, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    child, terminal = pty.fork()
    if child == 0:
        set_size(0, columns, rows)
        os.execvp(command[0], command)
    set_size(terminal, columns, rows)
    orders = b""
    watched = [terminal, 0]
    while True:
        ready, _, _ = select.select(watched, [], [])
        if terminal in ready:
            try:
                written = os.read(terminal, 65536)
            except OSError:  # The command has exited and closed its side.
                written = b""
            if not written:
                break
            os.write(1, written)
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                watched.remove(0)
            orders += read
            *lines, orders = orders.split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "input" in order:
                    os.write(terminal, order["input"].encode())
                else:
                    set_size(terminal, order["columns"], order["rows"])
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status) % 256)


main()
