package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessLock;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreMutex;
import org.apache.curator.framework.recipes.locks.Revoker;

/** The commands {@code locks.…}: every lock of Curator's, by its kind and path. */
final class Locks {
    private final CuratorFramework client;
    private final Semaphores semaphores;
    private final Map<String, InterProcessLock> locks = new ConcurrentHashMap<>();
    private final Map<String, InterProcessReadWriteLock> pairs = new ConcurrentHashMap<>();
    private final Set<String> revoked = ConcurrentHashMap.newKeySet();

    Locks(CuratorFramework client) {
        this.client = client;
        this.semaphores = new Semaphores(client);
    }

    JsonNode run(String command, JsonNode request) throws Exception {
        // What does not hold a lock has no `lock`, and so does not stand behind one that waits.
        String path = request.path(request.has("lock") ? "lock" : "path").asText();
        String kind = request.path("kind").asText();
        switch (command) {
            case "acquire":
                long timeout = request.get("timeout").asLong();
                return BooleanNode.valueOf(kind.equals("semaphore")
                        ? semaphores.acquire(path, request.get("limit"), request.get("count").asInt(), timeout)
                        : lock(kind, path).acquire(timeout, TimeUnit.MILLISECONDS));
            case "release":
                if (kind.equals("semaphore")) {
                    semaphores.release(path);
                } else {
                    lock(kind, path).release();
                }
                return NullNode.instance;
            case "participants":
                Collection<String> nodes = kind.equals("semaphore")
                        ? semaphores.participants(path)
                        : ((InterProcessMutex) lock(kind, path)).getParticipantNodes();
                return JsonLines.MAPPER.valueToTree(nodes);
            case "makeRevocable":
                ((InterProcessMutex) lock(kind, path)).makeRevocable(forLock -> revoked.add(path));
                return NullNode.instance;
            case "revoked":
                return BooleanNode.valueOf(revoked.contains(path));
            case "revoke":
                Revoker.attemptRevoke(client, path);
                return NullNode.instance;
            case "contend":
                return new Contender(client, request).run(request.get("rounds").asInt());
            default:
                throw new IllegalArgumentException("no command locks." + command);
        }
    }

    private InterProcessLock lock(String kind, String path) {
        return locks.computeIfAbsent(kind + path, key -> {
            switch (kind) {
                case "mutex":
                    return new InterProcessMutex(client, path);
                case "read":
                    return pair(path).readLock();
                case "write":
                    return pair(path).writeLock();
                case "semaphoreMutex":
                    return new InterProcessSemaphoreMutex(client, path);
                default:
                    throw new IllegalArgumentException("no kind of lock " + kind);
            }
        });
    }

    private InterProcessReadWriteLock pair(String path) {
        return pairs.computeIfAbsent(path, key -> new InterProcessReadWriteLock(client, path));
    }
}
