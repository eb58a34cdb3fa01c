"""Starts one program of a stack so that it cannot outlive the stack: run as a script, then exec.

Arguments: the signal the kernel sends when the parent dies, the parent's pid, the uid to run as
('' = unchanged), then the command. It imports little, because every program waits for it.
"""

import ctypes
import os
import pwd
import re
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
# Without it access(2) leaves capabilities out for whoever is not root, and the server, which asks
# that about its own program, does not find itself.
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
LINUX_CAPABILITY_VERSION_3 = 0x20080522
# Enough to walk into folders closed to others (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH): a checkout
# below /root is unreadable to the user the server has to change to.
WALK_CAPABILITIES = (1, 2)


def become(uid: int, libc: ctypes.CDLL) -> None:
    """Change to `uid` for good, keeping of root's rights only the walk through closed folders."""
    status = Path("/proc/self/status").read_text()
    (held_hex,) = re.findall(r"CapPrm:\s*(\w+)", status)
    held = int(held_hex, 16)
    kept = [number for number in WALK_CAPABILITIES if held >> number & 1]
    group = group_of(uid)
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(uid, uid, uid)
    mask = sum(1 << number for number in kept)
    header = (ctypes.c_uint32 * 2)(LINUX_CAPABILITY_VERSION_3, 0)
    # effective, permitted, inheritable; then the same for capabilities above 31
    wanted = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, wanted) == 0:
        for number in kept:
            libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0)


def group_of(uid: int) -> int:
    """The account's own group; a uid without an account (files of another machine) is its own."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def require_reachable(program: str, uid: int) -> None:
    """End with one line where a container has taken the rights that `become` keeps."""
    if not os.access(program, os.R_OK | os.X_OK):
        sys.exit(
            f"uid {uid}, as which it has to run, may not enter the folders above {program}: "
            "start as another user than root, or move the checkout"
        )


def die_with_parent(death_signal: int, parent: int, libc: ctypes.CDLL) -> None:
    """Ask the kernel for `death_signal` at the parent's end; leave if it has ended already."""
    libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"the stack (pid {parent}) has ended before {sys.argv[4]} could start")


def main() -> None:
    """Exec the command; ends with 127 and one line when it cannot be run."""
    death_signal, parent, uid, *command = sys.argv[1:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if uid:
            become(int(uid), libc)
            require_reachable(command[0], int(uid))
        # After the change of user, which clears it.
        die_with_parent(int(death_signal), int(parent), libc)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execvp(command[0], command)  # noqa: S606 - the command is this project's own
    except OSError as error:
        print(f"cannot run {command[0]}: {error}", file=sys.stderr)
        sys.exit(127)


if __name__ == "__main__":
    main()
