"""A terminal of so many rows and columns around a command. argv: rows, columns, command... What comes on stdin is
typed; what the command shows goes to stdout; exits as the command does, or with 200 and the number of its signal."""
import fcntl, os, pty, select, struct, sys, termios

rows, columns, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
ready_read, ready_write = os.pipe()
pid, fd = pty.fork()
if pid == 0:
    # Not before the terminal has its size: the program asks for it first of all.
    os.close(ready_write)
    os.read(ready_read, 1)
    os.execvp(command[0], command)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
os.write(ready_write, b"x")

sources = [fd, 0]
while True:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        typed = os.read(0, 65536)
        if typed:
            os.write(fd, typed)
        else:
            sources.remove(0)
    if fd in ready:
        try:
            shown = os.read(fd, 65536)
        except OSError:
            break
        if not shown:
            break
        sys.stdout.buffer.write(shown)
        sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if not os.WIFSIGNALED(status) else 200 + os.WTERMSIG(status))
