package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.retry.RetryNTimes;

/** DistributedAtomicLong, SharedCount and both barriers. */
final class Counters {
    private final CuratorFramework client;
    private final Map<String, DistributedDoubleBarrier> doubles = new ConcurrentHashMap<>();

    Counters(CuratorFramework client) {
        this.client = client;
    }

    /** Null for a command of somebody else's. */
    JsonNode run(String command, JsonNode request) throws Exception {
        String path = request.path("path").asText();
        long timeout = request.path("timeout").asLong();
        switch (command) {
            case "long-add":
                DistributedAtomicLong number = new DistributedAtomicLong(client, path, new RetryNTimes(10, 10));
                return TextNode.valueOf(number.add(request.get("delta").asLong()).postValue().toString());
            case "count-set":
                try (SharedCount count = new SharedCount(client, path, 0)) {
                    count.start();
                    int before = count.getCount();
                    count.setCount(request.get("value").asInt());
                    return IntNode.valueOf(before);
                }
            case "barrier-set":
                new DistributedBarrier(client, path).setBarrier();
                return NullNode.instance;
            case "barrier-remove":
                new DistributedBarrier(client, path).removeBarrier();
                return NullNode.instance;
            case "barrier-wait":
                return BooleanNode.valueOf(
                        new DistributedBarrier(client, path).waitOnBarrier(timeout, TimeUnit.MILLISECONDS));
            case "double-enter":
                DistributedDoubleBarrier barrier =
                        new DistributedDoubleBarrier(client, path, request.get("size").asInt());
                doubles.put(path, barrier);
                return BooleanNode.valueOf(barrier.enter(timeout, TimeUnit.MILLISECONDS));
            case "double-leave":
                return BooleanNode.valueOf(doubles.remove(path).leave(timeout, TimeUnit.MILLISECONDS));
            default:
                return null;
        }
    }
}
