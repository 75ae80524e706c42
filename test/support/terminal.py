"""A person at a terminal. argv: [[text to wait for, what to type], ...] as JSON, then the command."""
import json, os, pty, select, sys, time

play, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

seen, deadline = b"", time.time() + 50
while time.time() < deadline:
    ready, _, _ = select.select([fd], [], [], 0.2)
    if ready:
        try:
            chunk = os.read(fd, 65536)
        except OSError:
            break
        if not chunk:
            break
        sys.stdout.buffer.write(chunk)
        seen += chunk
    if play and play[0][0].encode() in seen:
        seen = seen.split(play[0][0].encode(), 1)[1]
        time.sleep(0.2)
        os.write(fd, play.pop(0)[1].encode())
else:
    os.kill(pid, 9)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if not os.WIFSIGNALED(status) else 200 + os.WTERMSIG(status))
