# SPDX-License-Identifier: Apache-2.0
"""`holdfast scan` on a pseudo-terminal, beside a name server that knows
nothing. --rate makes it last long enough to be looked at."""
import json
import os
import pty
import re
import signal
import socket
import subprocess
import tempfile

HOLDFAST = os.environ["HOLDFAST"]
CLEAR = "\r\033[K"
SHARE = re.compile(
    r"([\d,]+) names, ([\d,]+)/s, (\d+) %"
    r"(, (\d+ h )?(\d+ min )?(\d+ s )?left)?"
)
COUNT = re.compile(r"[\d,]+ names, [\d,]+/s")
failed = False


def verdict(what, good, seen):
    global failed
    print("ok -" if good else "not ok -", what)
    if not good:
        print("   ", repr(seen)[-1500:])
        failed = True


def answer_forever(server):
    """NXDOMAIN, whatever is asked."""
    while True:
        query, client = server.recvfrom(4096)
        end = query.index(b"\0", 12) + 5
        head = query[:2] + b"\x85\x83\0\1\0\0\0\0\0\0"
        server.sendto(head + query[12:end], client)


def start_server():
    """Its process, and where it is."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    pid = os.fork()
    if pid == 0:
        answer_forever(server)
    return pid, f"127.0.0.1@{server.getsockname()[1]}"


def on_terminal(arguments, stdin=None, stdout=None, until=None):
    """Run it in the foreground of a new terminal; with `until`, somebody
    presses Ctrl-C once the terminal has shown that. What the terminal was
    sent, and the exit status."""
    pid, terminal = pty.fork()
    if pid == 0:
        if stdin is not None:
            os.dup2(os.open(stdin, os.O_RDONLY), 0)
        if stdout is not None:
            os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT), 1)
        os.execv(HOLDFAST, [HOLDFAST, "scan", *arguments])
    seen = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody is there any more
            more = b""
        if not more:
            break
        seen += more
        if until is not None and re.search(until, seen.decode()):
            os.write(terminal, b"\x03")
            until = None
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return seen.decode(), os.waitstatus_to_exitcode(status)


def screen(seen):
    """What is left to be read when all of it was sent."""
    lines = [""]
    column = 0
    for token in re.findall(r"\033\[K|.", seen, re.DOTALL):
        if token == "\r":
            column = 0
        elif token == "\n":
            lines.append("")
        elif token == "\033[K":
            lines[-1] = lines[-1][:column]
        else:
            line = lines[-1].ljust(column)
            lines[-1] = line[:column] + token + line[column + 1 :]
            column += 1
    return lines


def is_growing(numbers):
    return all(a <= b for a, b in zip(numbers, numbers[1:]))


def try_whole(common, names):
    """From the beginning to the end, and the same without a terminal."""
    slow = [*common, "--rate", "300", names]
    seen, status = on_terminal([*slow, "--output", "shown"])
    frames = seen.split(CLEAR)
    matches = [SHARE.fullmatch(frame) for frame in frames[1:-1]]
    verdict("count, rate and share, and nothing else",
            status == 0 and frames[0] == frames[-1] == "" and
            len(matches) > 3 and all(matches), seen)
    matches = [match for match in matches if match]
    counts = [int(match[1].replace(",", "")) for match in matches]
    rates = [int(match[2].replace(",", "")) for match in matches]
    verdict("they grow to what there is",
            is_growing(counts) and counts[-1] <= 900 and
            is_growing([int(match[3]) for match in matches]) and
            int(matches[-1][3]) <= 100, seen)
    verdict("the rate is the one that was asked for at most",
            all(0 < rate <= 330 for rate in rates), seen)
    verdict("after a second, how long it will take",
            matches[-1][4] is not None and matches[0][4] is None, seen)
    verdict("the line is gone at the end", screen(seen) == [""], seen)

    quiet = subprocess.run([HOLDFAST, "scan", *slow], capture_output=True)
    verdict("without a terminal nothing of it is written",
            quiet.returncode == 0 and quiet.stderr == b"", quiet.stderr)
    with open("shown", "rb") as file:
        shown = file.read()
    verdict("the results are the same",
            shown == quiet.stdout and shown.count(b"\n") == 901, shown)


def try_interrupt(common, names):
    slow = [*common, "--rate", "300", "--output", "part", names]
    seen, status = on_terminal(slow, until=COUNT)
    verdict("Ctrl-C leaves its own word and nothing of the line",
            status == 130 and screen(seen) == [
                "holdfast scan: interrupted; the results so far are written",
                ""], seen)
    with open("part", encoding="ascii") as file:
        lines = file.readlines()
    verdict("and whole results",
            0 < len(lines) < 901 and all(json.loads(line) for line in lines),
            lines[-3:])


def try_streams(common, names):
    slow = [*common, "--rate", "600"]
    seen, _ = on_terminal([*slow, "--format", "json", names], stdout="piped")
    with open("piped", "rb") as file:
        verdict("standard output in a file has nothing of it",
                COUNT.search(seen) and file.read().count(b"\n") == 901, seen)
    os.mkfifo("fifo")
    feeder = subprocess.Popen(["cp", names, "fifo"])
    seen, _ = on_terminal([*slow, "--output", "streamed"], stdin="fifo")
    feeder.wait()
    frames = seen.split(CLEAR)[1:-1]
    verdict("of a stream nobody knows the share",
            frames and all(COUNT.fullmatch(frame) for frame in frames), seen)
    seen, _ = on_terminal([*slow, names])
    verdict("results on a terminal leave no room for it",
            "Names\r\n" in seen and not COUNT.search(seen), seen)


def main():
    pid, server = start_server()
    # No more at a time than the socket of a sleepy server has room for.
    common = ["--server", server, "--now", "1790000000", "--timeout", "60000",
              "--window", "100"]
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            with open("names", "w", encoding="ascii") as file:
                file.writelines(f"host{i}.example\n" for i in range(900))
            try_whole(common, "names")
            try_interrupt(common, "names")
            try_streams(common, "names")
            os.chdir("/")
    finally:
        os.kill(pid, signal.SIGKILL)
    raise SystemExit(failed)


main()
