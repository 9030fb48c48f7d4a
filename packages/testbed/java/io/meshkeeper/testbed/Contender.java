package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;

/**
 * Takes a mutex again and again, and counts in a znode while it has it: {@code <count> <czxid>}, the
 * czxid being that of the last holder's node. Another holder at the same time shows as a version
 * that is not the one read, or as a czxid that is newer than one's own.
 */
final class Contender {
    private final CuratorFramework client;
    private final Mutex mutex;
    private final String counter;

    Contender(CuratorFramework client, String lock, String counter) {
        this.client = client;
        this.mutex = new Mutex(client, lock);
        this.counter = counter;
    }

    ObjectNode run(int rounds) throws Exception {
        int overlaps = 0;
        int stale = 0;
        for (int round = 0; round < rounds; round++) {
            mutex.acquire();
            try {
                long czxid = client.checkExists().forPath(mutex.node()).getCzxid();
                Stat stat = new Stat();
                byte[] data = client.getData().storingStatIn(stat).forPath(counter);
                String[] parts = new String(data, StandardCharsets.UTF_8).split(" ");
                if (Long.parseLong(parts[1]) >= czxid) {
                    stale++;
                }
                String next = (Long.parseLong(parts[0]) + 1) + " " + czxid;
                client.setData().withVersion(stat.getVersion())
                        .forPath(counter, next.getBytes(StandardCharsets.UTF_8));
            } catch (KeeperException.BadVersionException another) {
                overlaps++;
            } finally {
                mutex.release();
            }
        }
        return CuratorDriver.MAPPER.createObjectNode().put("overlaps", overlaps).put("stale", stale);
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
