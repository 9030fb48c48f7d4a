# Arguments: the server, the lock, the counter, how often. What the Java contender does.
import json
import sys
from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError

connect, path, counter, rounds = sys.argv[1:]
client = KazooClient(hosts=connect, timeout=10.0)
client.start()
overlaps = stale = 0
for _ in range(int(rounds)):
    lock = SharedLock(client, path)
    lock.acquire()
    czxid = client.exists(path + "/" + lock.node).czxid
    data, stat = client.get(counter)
    count, last = map(int, data.split())
    stale += last >= czxid
    try:
        client.set(counter, f"{count + 1} {czxid}".encode(), version=stat.version)
    except BadVersionError:
        overlaps += 1
    lock.release()
client.stop()
print(json.dumps({"overlaps": overlaps, "stale": stale}))
