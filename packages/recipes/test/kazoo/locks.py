"""kazoo's locks, with the names that Curator's mutex has for one of them."""
from kazoo.recipe.lock import Lock, ReadLock, WriteLock


class SharedLock(Lock):
    _NODE_NAME = "-lock-"
    _EXCLUDE_NAMES = ["-lock-"]


KINDS = {"shared": SharedLock, "lock": Lock, "read": ReadLock, "write": WriteLock}
