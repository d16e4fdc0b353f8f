"""Takes rights away from this process for good: other files (Landlock), network and programs
(seccomp).

Both are Linux's and need no privileges: seccomp on x86-64 and ARM64, Landlock from kernel 5.13 on.
Elsewhere the functions return False and change nothing; the other limits of a child still hold.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_PR_SET_NO_NEW_PRIVS = 38
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

# Landlock's system calls have the same numbers on every machine.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
_GET_VERSION, _ASK_FOR_ACTION = 1, 2
_ALL_FILE_RIGHTS = (1 << 13) - 1  # those of Landlock's first version: newer kernels know them too

# What is denied, by its number on x86-64 and on ARM64 (which has no fork or vfork).
_DENIED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "kill": (62, 129),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "setrlimit": (160, 164),
}
_SECCOMP = (317, 277)
_CLONE = (56, 220)
_CLONE3 = 435
_CLONE_THREAD = 0x10000
_X32_CALLS = 0x40000000  # another numbering of the same calls on x86-64
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def missing() -> list[str]:
    """What this machine cannot do, by name. Asks the kernel; takes nothing away."""
    if sys.platform != "linux":
        return ["Landlock", "seccomp"]
    libc = ctypes.CDLL(None)
    lacking = []
    if libc.syscall(_CREATE_RULESET, None, 0, _GET_VERSION) < 1:
        lacking.append("Landlock")
    column, _ = _ARCHITECTURES.get(platform.machine(), (None, 0))
    action = struct.pack("=I", _ERRNO)
    if column is None or libc.syscall(_SECCOMP[column], _ASK_FOR_ACTION, 0, action) != 0:
        lacking.append("seccomp")
    return lacking


def deny_network_and_programs() -> bool:
    """Make every socket, new process and new program fail with EPERM; threads still start."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    program = _filter(*_ARCHITECTURES[platform.machine()])
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def deny_other_files(readable: Sequence[Path], writable: Sequence[Path]) -> bool:
    """Let only these existing files, and what Python itself needs, be opened from now on."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    ruleset = libc.syscall(_CREATE_RULESET, struct.pack("Q", _ALL_FILE_RIGHTS), 8, 0)
    if ruleset < 0:
        return False
    homes = {sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", *sys.path}
    for path, rights in (
        *((Path(home), _READ_FILE | _READ_DIR) for home in homes if home and Path(home).is_dir()),
        *((path, _READ_FILE) for path in readable),
        *((path, _WRITE_FILE | _READ_FILE) for path in writable),
    ):
        _add(libc, ruleset, path, rights)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    denied: bool = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return denied


def _add(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    place = os.open(path, os.O_PATH)  # not followed by a read: a FIFO does not block here
    libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    os.close(place)


def _filter(column: int, architecture: int) -> bytes:
    """The BPF program that the kernel runs before each system call."""
    refused = _ERRNO | errno.EPERM
    lines = [
        _load(4),  # the architecture of the call
        _jump_if_equal(architecture, 1, 0),
        _return(_KILL),
        _load(0),  # its number
        _jump_if_at_least(_X32_CALLS, 0, 1),
        _return(refused),
    ]
    for numbers in _DENIED.values():
        number = numbers[column]
        if number is not None:
            lines += [_jump_if_equal(number, 0, 1), _return(refused)]
    lines += [
        _jump_if_equal(_CLONE3, 0, 1),  # its flags lie in memory, where a filter cannot look:
        _return(_ERRNO | errno.ENOSYS),  # the C library then takes clone
        _jump_if_equal(_CLONE[column], 0, 3),
        _load(16),  # its flags
        _jump_if_any_bit(_CLONE_THREAD, 1, 0),
        _return(refused),
        _return(_ALLOW),
    ]
    return b"".join(lines)


def _load(offset: int) -> bytes:
    return struct.pack("HBBI", 0x20, 0, 0, offset)


def _jump_if_equal(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x15, then, otherwise, value)


def _jump_if_at_least(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x35, then, otherwise, value)


def _jump_if_any_bit(value: int, then: int, otherwise: int) -> bytes:
    return struct.pack("HBBI", 0x45, then, otherwise, value)


def _return(value: int) -> bytes:
    return struct.pack("HBBI", 0x06, 0, 0, value)
