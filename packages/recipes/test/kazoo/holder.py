# Arguments: the server, a kind of lock, its path, and a flag: a znode that is there while the lock is
# held, whose deletion asks for the lock.
import sys
import threading
from kazoo.client import KazooClient

connect, kind, path, flag = sys.argv[1:]
client = KazooClient(hosts=connect, timeout=4.0)
client.start()
lock = KINDS[kind](client, path, "kazoo's")
lock.acquire()
asked = threading.Event()
client.create(flag, b"", ephemeral=True, makepath=True)
client.exists(flag, watch=lambda event: asked.set())
asked.wait(20)
lock.release()
client.stop()
