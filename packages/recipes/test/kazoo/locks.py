"""kazoo's locks, and the same with the names that Curator's have."""
from kazoo.recipe.election import Election
from kazoo.recipe.lock import Lock, ReadLock, WriteLock


class SharedLock(Lock):
    _NODE_NAME = "-lock-"
    _EXCLUDE_NAMES = ["-lock-"]


class SharedElection(Election):
    def __init__(self, client, path, identifier=None):
        super().__init__(client, path, identifier)
        self.lock = SharedLock(client, path, identifier)


class SharedLatch(Lock):
    _NODE_NAME = "-latch-"
    _EXCLUDE_NAMES = ["-latch-"]


class SharedReadLock(ReadLock):
    _NODE_NAME = "__READ__"
    _EXCLUDE_NAMES = ["__WRIT__"]


class SharedWriteLock(WriteLock):
    _NODE_NAME = "__WRIT__"
    _EXCLUDE_NAMES = ["__WRIT__", "__READ__"]


KINDS = {"shared": SharedLock, "lock": Lock, "read": ReadLock, "write": WriteLock}
