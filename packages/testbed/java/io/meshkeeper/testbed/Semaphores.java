package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.shared.SharedCount;

/** InterProcessSemaphoreV2, by path; its leases are given back in the order in which they came. */
final class Semaphores {
    private final CuratorFramework client;
    private final Map<String, InterProcessSemaphoreV2> semaphores = new ConcurrentHashMap<>();
    private final Map<String, ConcurrentLinkedDeque<Lease>> held = new ConcurrentHashMap<>();

    Semaphores(CuratorFramework client) {
        this.client = client;
    }

    /** The limit is a number, or the path of a shared count. */
    boolean acquire(String path, JsonNode limit, int count, long timeout) throws Exception {
        InterProcessSemaphoreV2 semaphore = semaphores.computeIfAbsent(path, key -> limit.isNumber()
                ? new InterProcessSemaphoreV2(client, path, limit.asInt())
                : new InterProcessSemaphoreV2(client, path, sharedCount(limit.asText())));
        Collection<Lease> leases = semaphore.acquire(count, timeout, TimeUnit.MILLISECONDS);
        if (leases != null) {
            held.computeIfAbsent(path, key -> new ConcurrentLinkedDeque<>()).addAll(leases);
        }
        return leases != null;
    }

    void release(String path) throws Exception {
        held.get(path).removeFirst().close();
    }

    Collection<String> participants(String path) throws Exception {
        return new InterProcessSemaphoreV2(client, path, 1).getParticipantNodes();
    }

    private SharedCount sharedCount(String path) {
        SharedCount count = new SharedCount(client, path, 0);
        try {
            count.start();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
        return count;
    }
}
