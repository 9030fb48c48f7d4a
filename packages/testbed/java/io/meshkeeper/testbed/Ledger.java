package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.nio.charset.StandardCharsets;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.data.Stat;

/**
 * A znode in which whoever holds a lock is written, by compare-and-set: {@code <inside> <entries>
 * <last>}: the sum of the present holders' shares, how many ever came, and the czxid of the newest
 * holder's znode among those who held it alone, which is with the whole capacity. Too many holders
 * show as a sum over the capacity, as a version that is not the one read while one is alone, or as a
 * last czxid that is newer than one's own.
 */
final class Ledger {
    private final CuratorFramework client;
    private final String path;
    private final int capacity;
    private int overlaps;
    private int stale;
    private int most;

    Ledger(CuratorFramework client, String path, int capacity) {
        this.client = client;
        this.path = path;
        this.capacity = capacity;
    }

    /** Writes a holder in; its share, and the path of its znode. */
    void enter(int share, String node) throws Exception {
        long czxid = client.checkExists().forPath(node).getCzxid();
        boolean alone = share == capacity;
        long[] before = change(share, 1, alone ? czxid : 0, alone);
        int inside = (int) before[0] + share;
        if (inside > capacity) {
            overlaps++;
        }
        if (before[2] >= czxid) {
            stale++;
        }
        most = Math.max(most, inside);
    }

    /** Stays inside for some reads, so that those come who may be there at the same time. */
    void linger() throws Exception {
        for (int i = 0; i < 10; i++) {
            client.getData().forPath(path);
        }
    }

    /** Writes it out again. */
    void leave(int share) throws Exception {
        change(-share, 0, 0, share == capacity);
    }

    ObjectNode seen() {
        return JsonLines.MAPPER.createObjectNode()
                .put("overlaps", overlaps).put("stale", stale).put("most", most);
    }

    /** Returns what was there before. */
    private long[] change(int share, int entries, long newest, boolean alone) throws Exception {
        while (true) {
            Stat stat = new Stat();
            byte[] data = client.getData().storingStatIn(stat).forPath(path);
            String[] parts = new String(data, StandardCharsets.UTF_8).split(" ");
            long[] before = {Long.parseLong(parts[0]), Long.parseLong(parts[1]), Long.parseLong(parts[2])};
            String next = (before[0] + share) + " " + (before[1] + entries) + " "
                    + (newest > 0 ? newest : before[2]);
            try {
                client.setData().withVersion(stat.getVersion())
                        .forPath(path, next.getBytes(StandardCharsets.UTF_8));
                return before;
            } catch (KeeperException.BadVersionException another) {
                if (alone) {
                    overlaps++;
                }
            }
        }
    }
}
