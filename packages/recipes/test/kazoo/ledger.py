from kazoo.exceptions import BadVersionError


class Ledger:
    """What `contention/ledger.ts` says of a ledger."""

    def __init__(self, client, path, capacity):
        self.client = client
        self.path = path
        self.capacity = capacity
        self.overlaps = self.stale = self.most = 0

    def enter(self, share, czxid):
        alone = share == self.capacity
        inside, last = self._change(share, 1, czxid if alone else None, alone)
        self.overlaps += inside + share > self.capacity
        self.stale += last >= czxid
        self.most = max(self.most, inside + share)

    def linger(self):
        for _ in range(10):
            self.client.get(self.path)

    def leave(self, share):
        self._change(-share, 0, None, share == self.capacity)

    def _change(self, share, entries, newest, alone):
        """Returns what was there before: who is inside, the last one who was alone."""
        while True:
            data, stat = self.client.get(self.path)
            inside, count, last = map(int, data.split())
            written = f"{inside + share} {count + entries} {newest or last}"
            try:
                self.client.set(self.path, written.encode(), version=stat.version)
                return inside, last
            except BadVersionError:
                self.overlaps += alone
