# Arguments: the server, a kind of lock, its path, the ledger, its capacity, how often. What the Java
# contender does.
import json
import sys
from kazoo.client import KazooClient

connect, kind, path, ledger_path, capacity, rounds = sys.argv[1:]
capacity = int(capacity)
client = KazooClient(hosts=connect, timeout=10.0)
client.start()
ledger = Ledger(client, ledger_path, capacity)


def hold(lock, share):
    ledger.enter(share, client.exists(path + "/" + lock.node).czxid)
    if share < capacity:
        ledger.linger()
    ledger.leave(share)


for i in range(int(rounds)):
    if kind == "election":
        election = SharedElection(client, path)
        election.run(hold, election.lock, capacity)
        continue
    writes = kind != "readWrite" or i % 3 == 0
    pair = SharedWriteLock if writes else SharedReadLock
    lock = {"mutex": SharedLock, "latch": SharedLatch, "readWrite": pair}[kind](client, path)
    with lock:
        hold(lock, capacity if writes else 1)
client.stop()
print(json.dumps({"overlaps": ledger.overlaps, "stale": ledger.stale, "most": ledger.most}))
