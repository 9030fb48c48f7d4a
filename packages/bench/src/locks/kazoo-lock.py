"""kazoo's lock alone in a process: `kazoo-lock.py SERVER PATH CONTENDERS`; see `protocol.ts`."""
import json
import sys
import threading
import time
from kazoo.client import KazooClient

server, path, contenders = sys.argv[1:]
sessions = [KazooClient(hosts=server, timeout=10.0) for _ in range(int(contenders))]
for session in sessions:
    session.start()
locks = [session.Lock(path + "/queue") for session in sessions]
alone_lock = sessions[0].Lock(path + "/alone")


def alone(count):
    for _ in range(count):
        alone_lock.acquire()
        alone_lock.release()
    return []


def queue(count):
    hand_overs = []
    state = {"left": count, "released": None}

    def contend(lock):
        while state["left"] > 0:
            lock.acquire()
            now = time.monotonic_ns()
            if state["released"] is not None:
                hand_overs.append((now - state["released"]) / 1e6)
            state["left"] -= 1
            state["released"] = time.monotonic_ns()
            lock.release()

    threads = [threading.Thread(target=contend, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return hand_overs


print('{"ready":true}', flush=True)
for line in sys.stdin:
    step = json.loads(line)
    cpu = time.process_time()
    begun = time.monotonic()
    found = {"alone": alone, "queue": queue}[step["operation"]](step["count"])
    result = {
        "seconds": time.monotonic() - begun,
        "cpu": time.process_time() - cpu,
        "handOvers": found,
    }
    print(json.dumps(result), flush=True)
for session in sessions:
    session.stop()
