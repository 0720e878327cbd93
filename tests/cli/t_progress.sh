# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Progress is for people at a terminal: how far, how fast, how long still.
need python3 tar
cat >terminal.py <<'END2'
# terminal.py FILE COMMAND...: standard error is a terminal; what it shows goes to FILE.
# With STALL it is stopped for a while when it has shown something first.
import os, pty, signal, sys, time
master, slave = pty.openpty()
pid = os.fork()
if pid == 0:
    os.dup2(slave, 2); os.close(master)
    os.environ["TERM"] = os.environ.get("WANT_TERM", "xterm")
    os.execvp(sys.argv[2], sys.argv[2:])
os.close(slave)
shown = b""
while True:
    try: piece = os.read(master, 65536)
    except OSError: break
    if not piece: break
    if "STALL" in os.environ and not shown:
        os.kill(pid, signal.SIGSTOP); time.sleep(1.2); os.kill(pid, signal.SIGCONT)
    shown += piece
open(sys.argv[1], "wb").write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END2
# slow enough to be seen at any speed: the tar comes through a pipe that trickles
mkdir t
head -c 12000000 /dev/urandom >t/big
tar -cf t.tar -C t .
trickle() { for i in 0 1 2; do dd if=t.tar bs=4M skip=$i count=1 status=none; sleep 0.4; done; }
sl() { timeout 120 "$STRANDLINE" --no-db "$@"; }

it "a terminal shows how far and how fast" \
	eval 'trickle | python3 terminal.py shown timeout 120 "$STRANDLINE" --no-db index rootfs-tar:- >/dev/null'
it "in bytes a second" grep -aqE 'tree: [0-9.]+ MiB  [0-9.]+ [KM]iB/s' shown
it "and the line is erased at the end" \
	same "$(tail -c 4 shown | od -An -c | tr -d ' ')" '\r033[K'
truncate -s 128M t/big
tar -cf large.tar -C t .
it "a file shows how long still" \
	eval 'STALL=1 python3 terminal.py shown "$STRANDLINE" --no-db index rootfs-tar:large.tar >/dev/null'
it "in percent, of all, with the time left" \
	grep -aqE 'tree: [0-9]+%  [0-9.]+ MiB of 128 MiB  [0-9.]+ [KM]iB/s  [0-9]+ s left' shown
rm large.tar
it "--progress=never shows nothing" \
	eval 'trickle | python3 terminal.py shown timeout 120 "$STRANDLINE" --no-db --progress=never index rootfs-tar:- >/dev/null'
it "not a byte" same "$(stat -c %s shown)" 0
it "a dumb terminal neither" \
	eval 'trickle | WANT_TERM=dumb python3 terminal.py shown timeout 120 "$STRANDLINE" --no-db index rootfs-tar:- >/dev/null'
it "not a byte there" same "$(stat -c %s shown)" 0
trickle | sl index rootfs-tar:- >/dev/null 2>shown
it "what is no terminal shows nothing" same "$(stat -c %s shown)" 0
