package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.utils.ZKPaths;

/** Takes a lock again and again, and writes itself into the ledger while it has it. */
final class Contender {
    private final CuratorFramework client;
    private final String kind;
    private final String path;
    private final int capacity;
    private final Ledger ledger;

    Contender(CuratorFramework client, JsonNode request) {
        this.client = client;
        this.kind = request.get("kind").asText();
        this.path = request.get("at").asText();
        this.capacity = request.get("capacity").asInt();
        this.ledger = new Ledger(client, request.get("ledger").asText(), capacity);
    }

    ObjectNode run(int rounds) throws Exception {
        if (kind.equals("election")) {
            try (Candidate candidate = new Candidate(client, path, node -> hold(capacity, node))) {
                candidate.lead(rounds);
            }
        } else {
            for (int round = 0; round < rounds; round++) {
                acquire(round);
            }
        }
        return ledger.seen();
    }

    private void acquire(int round) throws Exception {
        switch (kind) {
            case "mutex":
                hold(new Mutex(client, path));
                break;
            case "semaphore":
                try (Lease lease = new InterProcessSemaphoreV2(client, path, capacity).acquire()) {
                    hold(1, ZKPaths.makePath(path, "leases", lease.getNodeName()));
                }
                break;
            case "latch":
                try (LeaderLatch latch = new LeaderLatch(client, path)) {
                    latch.start();
                    latch.await();
                    hold(capacity, latch.getOurPath());
                }
                break;
            case "readWrite":
                InterProcessReadWriteLock pair = new InterProcessReadWriteLock(client, path);
                if (round % 3 == 0) {
                    write(pair.writeLock());
                } else {
                    read(pair.readLock());
                }
                break;
            default:
                throw new IllegalArgumentException("no contest for a " + kind);
        }
    }

    private void hold(Mutex mutex) throws Exception {
        mutex.acquire();
        try {
            hold(capacity, mutex.node());
        } finally {
            mutex.release();
        }
    }

    private void write(InterProcessReadWriteLock.WriteLock lock) throws Exception {
        lock.acquire();
        try {
            hold(capacity, lock.getLockPath());
        } finally {
            lock.release();
        }
    }

    private void read(InterProcessReadWriteLock.ReadLock lock) throws Exception {
        lock.acquire();
        try {
            hold(1, lock.getLockPath());
        } finally {
            lock.release();
        }
    }

    private void hold(int share, String node) throws Exception {
        ledger.enter(share, node);
        if (share < capacity) {
            ledger.linger();
        }
        ledger.leave(share);
    }

    /** Shows the node that this thread holds the lock by. */
    private static final class Mutex extends InterProcessMutex {
        Mutex(CuratorFramework client, String path) {
            super(client, path);
        }

        String node() {
            return getLockPath();
        }
    }
}
