"""Drives a server with kazoo, unchanged: argument 1 is its address. Each line says what was proved."""

import sys
import threading
from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import BadVersionError, NoAuthError, NodeExistsError, RolledBackError
from kazoo.protocol.states import EventType
from kazoo.security import ACL, Id

hosts = sys.argv[1]
phase = sys.argv[2]


def started():
    client = KazooClient(hosts=hosts, timeout=4, connection_retry={"max_tries": -1, "max_delay": 0.2})
    client.start(timeout=10)
    return client


def basics():
    one, two = started(), started()
    one.create("/k", b"data")
    assert two.get("/k")[0] == b"data"
    path = one.create("/k/e-", b"", ephemeral=True, sequence=True)
    assert path == "/k/e-0000000000", path
    assert two.exists(path).ephemeralOwner == one.client_id[0]
    try:
        two.set("/k", b"x", version=7)
        raise AssertionError("version 7 was taken")
    except BadVersionError:
        pass
    print("ephemerals and sequences")

    seen = []
    changed = threading.Event()

    def note(event):
        seen.append((event.type, event.path))
        changed.set()

    two.get_children("/k", watch=note)
    one.create("/k/child")
    assert changed.wait(5) and seen == [(EventType.CHILD, "/k")], seen
    print("watches")

    transaction = one.transaction()
    transaction.create("/t")
    transaction.set_data("/t", b"1")
    transaction.check("/t", 1)
    assert transaction.commit()[0] == "/t"
    transaction = one.transaction()
    transaction.create("/u")
    transaction.create("/t")
    results = transaction.commit()
    assert isinstance(results[0], RolledBackError) and isinstance(results[1], NodeExistsError), results
    assert two.exists("/u") is None
    print("transactions")

    owner = KazooClient(hosts=hosts, timeout=4, auth_data=[("digest", "user:secret")])
    owner.start(timeout=10)
    owner.create("/owned", b"x", acl=[ACL(31, Id("auth", ""))])
    try:
        two.get("/owned")
        raise AssertionError("read without authorisation")
    except NoAuthError:
        pass
    owner.stop()
    print("an ACL of the creator")

    order = []

    def work(client, name):
        with client.Lock("/lock", name):
            order.append(name + "+")
            client.exists("/lock")
            order.append(name + "-")

    threads = [threading.Thread(target=work, args=(c, n)) for c, n in ((one, "a"), (two, "b"), (one, "c"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(order) == 6 and all(order[i][0] == order[i + 1][0] for i in (0, 2, 4)), order
    print("a lock")

    one.stop()
    assert two.exists(path) is None
    one.close()
    two.stop()
    print("closing a session")


def reconnect():
    client = started()
    states = []
    back = threading.Event()

    def listen(state):
        states.append(state)
        if state == KazooState.CONNECTED:
            back.set()

    client.add_listener(listen)
    session = client.client_id[0]
    client.create("/r", b"", ephemeral=True, makepath=True)
    fired = threading.Event()
    client.exists("/later", watch=lambda event: fired.set())
    print("ready", flush=True)
    assert back.wait(15), states
    assert states == [KazooState.SUSPENDED, KazooState.CONNECTED], states
    assert client.client_id[0] == session
    assert client.exists("/r").ephemeralOwner == session
    client.create("/later")
    assert fired.wait(5)
    client.stop()
    print("the session goes on after a restart, its ephemerals and watches with it")


{"basics": basics, "reconnect": reconnect}[phase]()
