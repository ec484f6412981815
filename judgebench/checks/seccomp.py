"""The system calls that sandboxed code is refused, as a program for the kernel's filter (classic BPF); pure.

What is left out of here is bounded by namespaces and limits. Refused is what reaches past these: other processes'
memory, memory that no limit counts (memfd_create, System V's, shared anonymous mappings), new namespaces and mounts,
sockets that no network namespace holds (vsock, netlink, AF_ALG), and rarely used parts of the kernel.
"""

import errno
import struct
from collections.abc import Iterator, Mapping
from typing import TypeAlias

Instruction: TypeAlias = tuple[int, int, int, int]  # code, jump if true, jump if false, constant

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
MACHINES = tuple(_ARCHITECTURES)
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # where they stand in what the filter is shown
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_EQUAL, _AT_LEAST = 0x15, 0x35
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_X32 = 0x40000000  # x86_64's other numbering of its calls
_NEW_NAMESPACES = 0x7E020000
_ANONYMOUS, _SHARED, _TYPE = 0x20, 0x01, 0x0F
_TIOCSTI = 0x5412
_FAMILIES = (1,)  # AF_UNIX; the network is refused with an error that says so

# Numbers on x86_64 and aarch64.
_REFUSED: Mapping[str, tuple[int, int]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "semget": (64, 190),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_CLONE, _CLONE3, _MMAP, _IOCTL, _SOCKET = (56, 220), (435, 435), (9, 222), (16, 29), (41, 198)


def program(machine: str) -> bytes:
    """The filter for a machine, one of MACHINES."""
    return b"".join(struct.pack("<HBBI", *one) for one in _instructions(machine))


def _instructions(machine: str) -> Iterator[Instruction]:
    which = MACHINES.index(machine)
    yield _load(_ARCHITECTURE)
    yield from ((_EQUAL, 1, 0, _ARCHITECTURES[machine]), _say(_KILL))
    yield _load(_NUMBER)
    yield from ((_AT_LEAST, 0, 1, _X32), _say(_KILL))
    for numbers in _REFUSED.values():
        yield from _if_called(numbers[which], _error(errno.EPERM))
    yield from _if_called(_CLONE3[which], _error(errno.ENOSYS))  # its flags are out of sight: clone is taken instead
    allowed = _say(_ALLOW)
    masked = (_AND, 0, 0, _NEW_NAMESPACES)
    yield from _if_called(_CLONE[which], _argument(0), masked, (_EQUAL, 0, 1, 0), allowed, _error(errno.EPERM))
    shared = (_AND, 0, 0, _ANONYMOUS | _TYPE), (_EQUAL, 1, 0, _ANONYMOUS | _SHARED)
    yield from _if_called(_MMAP[which], _argument(3), *shared, allowed, _error(errno.EPERM))
    yield from _if_called(_IOCTL[which], _argument(1), (_EQUAL, 1, 0, _TIOCSTI), allowed, _error(errno.EPERM))
    family = [(_EQUAL, 0, 1, one) for one in _FAMILIES]
    yield from _if_called(_SOCKET[which], _argument(0), *family, allowed, _error(errno.EACCES))
    yield allowed


def _if_called(number: int, *then: Instruction) -> Iterator[Instruction]:
    """What is done at a call of that number; it ends in an answer, so that what follows finds the number loaded."""
    yield (_EQUAL, 0, len(then), number)
    yield from then


def _load(place: int) -> Instruction:
    return (_LOAD, 0, 0, place)


def _argument(number: int) -> Instruction:
    """The lower half of an argument (both machines are little-endian)."""
    return _load(_ARGUMENTS + 8 * number)


def _say(answer: int) -> Instruction:
    return (_RETURN, 0, 0, answer)


def _error(number: int) -> Instruction:
    return _say(_ERROR | number)
