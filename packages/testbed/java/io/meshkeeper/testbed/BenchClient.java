package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/**
 * ZooKeeper's own client as the bench {@code zk-client} drives it: {@code BenchClient CONNECT PLAN}.
 * The lines that it reads and writes are those of {@code packages/bench/src/zk-client/protocol.ts}.
 */
public final class BenchClient {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final ZooKeeper zk;
    private final String[] nodes;
    private final String[] made;
    private final byte[] value;
    private CountDownLatch watches;
    private long cpu;
    private long begun;

    /** One operation: the {@code index}th of its step, in one of the window's slots. */
    private interface Operation {
        void start(int index, int slot, Done done);
    }

    private interface Done {
        void answered(int code);
    }

    private BenchClient(ZooKeeper zk, JsonNode plan) {
        this.zk = zk;
        nodes = paths(plan.get("nodes").asText(), plan.get("count").asInt());
        made = paths(plan.get("made").asText(), plan.get("slots").asInt());
        value = new byte[plan.get("valueSize").asInt()];
        Arrays.fill(value, (byte) 'v');
    }

    public static void main(String[] arguments) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper zk = new ZooKeeper(arguments[0], 30_000, event -> connected.countDown());
        connected.await();
        BenchClient client = new BenchClient(zk, MAPPER.readTree(arguments[1]));
        System.out.println("{\"ready\":true}");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            client.run(MAPPER.readTree(line));
        }
        zk.close();
    }

    private void run(JsonNode request) throws Exception {
        int window = request.path("window").asInt();
        int count = request.path("count").asInt();
        String operation = request.get("operation").asText();
        if (operation.equals("watch")) {
            CountDownLatch set = new CountDownLatch(count);
            repeat(window, count, (index, slot, done) -> zk.getData(node(index), event -> set.countDown(),
                    (code, path, context, data, stat) -> done.answered(code), null));
            watches = set;
            start();
            System.out.println("{\"armed\":true}");
        } else if (operation.equals("fired")) {
            watches.await();
            tell();
        } else {
            start();
            repeat(window, count, operation(operation));
            tell();
        }
    }

    private void start() {
        cpu = SYSTEM.getProcessCpuTime();
        begun = System.nanoTime();
    }

    private void tell() {
        double seconds = (System.nanoTime() - begun) / 1e9;
        double used = (SYSTEM.getProcessCpuTime() - cpu) / 1e9;
        System.out.println(MAPPER.createObjectNode().put("seconds", seconds).put("cpu", used));
    }

    private Operation operation(String name) {
        switch (name) {
            case "get":
                return (index, slot, done) -> zk.getData(node(index), false,
                        (code, path, context, data, stat) -> done.answered(code), null);
            case "set":
                return (index, slot, done) -> zk.setData(node(index), value, -1,
                        (code, path, context, stat) -> done.answered(code), null);
            case "create+delete":
                return (index, slot, done) -> zk.create(made[slot], value, ZooDefs.Ids.OPEN_ACL_UNSAFE,
                        CreateMode.PERSISTENT, (code, path, context, created) -> {
                            if (code != 0) {
                                done.answered(code);
                            } else {
                                zk.delete(made[slot], -1, (end, gone, none) -> done.answered(end), null);
                            }
                        }, null);
            default:
                throw new IllegalArgumentException(name);
        }
    }

    /** Keeps {@code window} operations outstanding until {@code count} of them are answered. */
    private static void repeat(int window, int count, Operation operation) throws Exception {
        AtomicInteger next = new AtomicInteger();
        AtomicInteger left = new AtomicInteger(count);
        CompletableFuture<Void> end = new CompletableFuture<>();
        for (int slot = 0; slot < window; slot++) {
            begin(slot, count, operation, next, left, end);
        }
        end.get();
    }

    private static void begin(int slot, int count, Operation operation, AtomicInteger next, AtomicInteger left,
            CompletableFuture<Void> end) {
        int index = next.getAndIncrement();
        if (index >= count) {
            return;
        }
        operation.start(index, slot, code -> {
            if (code != 0) {
                end.completeExceptionally(KeeperException.create(KeeperException.Code.get(code)));
            } else if (left.decrementAndGet() == 0) {
                end.complete(null);
            } else {
                begin(slot, count, operation, next, left, end);
            }
        });
    }

    private String node(int index) {
        return nodes[index % nodes.length];
    }

    private static String[] paths(String parent, int count) {
        String[] paths = new String[count];
        Arrays.setAll(paths, index -> parent + "/" + index);
        return paths;
    }
}
