package io.meshkeeper.testbed;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.utils.ZKPaths;
import org.apache.zookeeper.KeeperException;

/** Stands for leader in a LeaderSelector, term after term. */
final class Candidate extends LeaderSelectorListenerAdapter implements AutoCloseable {
    /** What it does as leader; the node is the one that it leads by. */
    interface Reign {
        void over(String node) throws Exception;
    }

    private final String path;
    private final Reign reign;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final LeaderSelector selector;
    private int terms;
    private Exception failure;

    Candidate(CuratorFramework client, String path, Reign reign) {
        this.path = path;
        this.reign = reign;
        this.selector = new LeaderSelector(client, path, thread, this);
        selector.setId(UUID.randomUUID().toString());
    }

    void lead(int rounds) throws Exception {
        for (int round = 0; round < rounds; round++) {
            if (round == 0) {
                selector.start();
            } else {
                selector.requeue();
            }
            // The thread does one thing after another: when it comes to this, the term is over.
            thread.submit(() -> { }).get();
            if (failure != null) {
                throw failure;
            }
            if (terms != round + 1) {
                throw new IllegalStateException("stood " + (round + 1) + " times, led " + terms);
            }
        }
    }

    @Override
    public void takeLeadership(CuratorFramework client) {
        try {
            reign.over(node(client));
            terms++;
        } catch (Exception error) {
            failure = error;
        }
    }

    /** A selector does not tell its node: it is the one that has our id. */
    private String node(CuratorFramework client) throws Exception {
        for (String child : client.getChildren().forPath(path)) {
            String node = ZKPaths.makePath(path, child);
            try {
                String id = new String(client.getData().forPath(node), StandardCharsets.UTF_8);
                if (id.equals(selector.getId())) {
                    return node;
                }
            } catch (KeeperException.NoNodeException gone) {
                // Another candidate gave up, or led while we were not to.
            }
        }
        throw new IllegalStateException("a leader without a node in " + path);
    }

    @Override
    public void close() {
        selector.close();
        thread.shutdown();
    }
}
