package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryNTimes;

/**
 * Curator's mutex as the bench {@code locks} drives it: {@code BenchLocks SERVER PATH CONTENDERS}. The
 * lines that it reads and writes, and what each step does, are those of
 * {@code packages/bench/src/locks/protocol.ts}.
 */
public final class BenchLocks {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final List<CuratorFramework> sessions = new ArrayList<>();
    private final String path;
    private final ExecutorService threads;
    private final List<Long> handOvers = new ArrayList<>();
    /** The rest belongs to whoever has the mutex, but for looks at {@code left}. */
    private volatile int left;
    private volatile long released;

    private BenchLocks(String server, String path, int contenders) throws Exception {
        this.path = path;
        for (int i = 0; i < contenders; i++) {
            CuratorFramework session =
                    CuratorFrameworkFactory.newClient(server, 30_000, 10_000, new RetryNTimes(10, 200));
            session.start();
            session.blockUntilConnected();
            sessions.add(session);
        }
        threads = Executors.newFixedThreadPool(contenders);
    }

    public static void main(String[] arguments) throws Exception {
        BenchLocks bench = new BenchLocks(arguments[0], arguments[1], Integer.parseInt(arguments[2]));
        System.out.println("{\"ready\":true}");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(bench.run(MAPPER.readTree(line)));
        }
        bench.close();
    }

    private ObjectNode run(JsonNode step) throws Exception {
        int count = step.get("count").asInt();
        long cpu = SYSTEM.getProcessCpuTime();
        long begun = System.nanoTime();
        handOvers.clear();
        if (step.get("operation").asText().equals("alone")) {
            alone(count);
        } else {
            queue(count);
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        double used = (SYSTEM.getProcessCpuTime() - cpu) / 1e9;
        ObjectNode result = MAPPER.createObjectNode().put("seconds", seconds).put("cpu", used);
        ArrayNode times = result.putArray("handOvers");
        for (long nanos : handOvers) {
            times.add(nanos / 1e6);
        }
        return result;
    }

    private void alone(int count) throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(sessions.get(0), path + "/alone");
        for (int i = 0; i < count; i++) {
            mutex.acquire();
            mutex.release();
        }
    }

    private void queue(int count) throws Exception {
        left = count;
        released = 0;
        List<Future<?>> contenders = new ArrayList<>();
        for (CuratorFramework session : sessions) {
            InterProcessMutex mutex = new InterProcessMutex(session, path + "/queue");
            contenders.add(threads.submit(() -> contend(mutex)));
        }
        for (Future<?> contender : contenders) {
            contender.get();
        }
    }

    private Void contend(InterProcessMutex mutex) throws Exception {
        while (left > 0) {
            mutex.acquire();
            long now = System.nanoTime();
            if (released != 0) {
                handOvers.add(now - released);
            }
            left--;
            released = System.nanoTime();
            mutex.release();
        }
        return null;
    }

    private void close() {
        threads.shutdown();
        for (CuratorFramework session : sessions) {
            session.close();
        }
    }
}
