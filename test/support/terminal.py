"""A person at a terminal. argv: [[text to wait for, what to type], ...] as JSON, then the command.

What to type may be `shown:` and a pattern: then it is what the pattern's group last found on the screen, and Enter."""
import json, os, pty, re, select, sys, time

play, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)

screen, seen, deadline = b"", b"", time.time() + 50
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
        screen += chunk
    if play and play[0][0].encode() in seen:
        seen = seen.split(play[0][0].encode(), 1)[1]
        time.sleep(0.2)
        answer = play.pop(0)[1]
        if answer.startswith("shown:"):
            answer = re.findall(answer[len("shown:"):], screen.decode(errors="replace"))[-1] + "\r"
        os.write(fd, answer.encode())
else:
    os.kill(pid, 9)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if not os.WIFSIGNALED(status) else 200 + os.WTERMSIG(status))
