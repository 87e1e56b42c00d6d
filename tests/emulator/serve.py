"""Runs MiniStack on 127.0.0.1 and a free port until standard input ends, and then ends with every process it started.

    serve.py WORK

WORK is a folder for everything it writes; it is removed at the end. The port is the only line on standard output; what
the emulator says goes to WORK/server.log. Standard input is the other end of a pipe that the test holds: it ends when
the test drops it, and also when the test is killed.
"""

import os
import pathlib
import shutil
import signal
import socket
import sys
import threading


def end_with(stdin, work):
    """Waits for the end of the pipe; no process is left behind it, and no file."""
    while os.read(stdin, 1024):
        pass
    shutil.rmtree(work, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    os.setsid()  # the functions it starts are in its group, and in nobody else's
    work = pathlib.Path(sys.argv[1])
    stdin = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    threading.Thread(target=end_with, args=(stdin, work), daemon=True).start()
    port = free_port()
    os.environ.update({
        "GATEWAY_PORT": str(port),
        # Its functions inherit this, and call nobody else.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        # It listens on all interfaces otherwise, and on more ports.
        "BIND_HOST": "127.0.0.1",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        # Addresses of APIs are <id>.execute-api.<this>: a number here would not be the name of a host.
        "MINISTACK_HOST": "localhost",
        # Functions run as processes: no Docker.
        "LAMBDA_EXECUTOR": "local",
        # It evaluates the policies, and functions run with the rights of their roles.
        "AUTH": "true",
        "TMPDIR": str(work),
        "S3_DATA_DIR": str(work / "s3"),
        "STATE_DIR": str(work / "state"),
    })
    print(port, flush=True)
    log = os.open(work / "server.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["ministack"]
    from ministack.app import main as ministack  # it reads the environment when it is imported
    ministack()


if __name__ == "__main__":
    main()
