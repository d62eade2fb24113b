"""Runs a command and ends it, with everything that it has started, when whoever asked for it is gone.

The asker holds the other end of our standard input and never writes to it: it closes when the asker ends, however it
ends, a kill among them. We lead a process group of our own; the command runs in it. An orderly end is the asker's to
ask for: it signals the group, and we wait for the command.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_SECONDS = 5


def end_with_the_asker():
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


def main(command):
    # Before the command is started: it gets its own handling of the signals back from Popen's exec.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return 127
    threading.Thread(target=end_with_the_asker, daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
