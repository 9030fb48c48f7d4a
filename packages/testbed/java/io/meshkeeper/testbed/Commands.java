package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.apache.curator.x.discovery.ServiceDiscoveryBuilder;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.details.JsonInstanceSerializer;
import org.apache.zookeeper.CreateMode;

/** What the driver can do; one client, one service discovery and the recipes. */
final class Commands {
    private final Consumer<String> stateListener;
    private final Map<String, ServiceInstance<Object>> registered = new ConcurrentHashMap<>();
    private final Map<String, InterProcessMutex> locks = new ConcurrentHashMap<>();
    private CuratorFramework client;
    private Locks recipeLocks;
    private ServiceDiscovery<Object> discovery;
    private JsonInstanceSerializer<Object> serializer;
    private Elections elections;
    private Counters counters;
    private Queues queues;

    Commands(Consumer<String> stateListener) {
        this.stateListener = stateListener;
    }

    JsonNode run(String command, JsonNode request) throws Exception {
        switch (command) {
            case "connect":
                return connect(request);
            case "register":
                return register(request.get("instance"));
            case "update":
                return update(request.get("instance"));
            case "unregister":
                return unregister(request.get("instance").asText());
            case "query":
                return query(request.get("name").asText());
            case "names":
                return JsonLines.MAPPER.valueToTree(discovery.queryForNames());
            case "acquire":
                return acquire(request);
            case "release":
                locks.get(request.get("lock").asText()).release();
                return NullNode.instance;
            case "get":
                byte[] data = client.getData().forPath(path(request));
                return TextNode.valueOf(Base64.getEncoder().encodeToString(data));
            case "set":
                client.setData().forPath(path(request), data(request));
                return NullNode.instance;
            case "create":
                CreateMode mode = CreateMode.valueOf(request.get("mode").asText());
                return TextNode.valueOf(client.create().creatingParentsIfNeeded()
                        .withMode(mode).forPath(path(request), data(request)));
            case "delete":
                client.delete().forPath(path(request));
                return NullNode.instance;
            case "sessionId":
                long id = client.getZookeeperClient().getZooKeeper().getSessionId();
                return TextNode.valueOf("0x" + Long.toHexString(id));
            case "close":
                discovery.close();
                client.close();
                return NullNode.instance;
            default:
                return recipe(command, request);
        }
    }

    private JsonNode recipe(String command, JsonNode request) throws Exception {
        if (command.startsWith("locks.")) {
            return recipeLocks.run(command.substring("locks.".length()), request);
        }
        JsonNode result = elections.run(command, request);
        result = result != null ? result : counters.run(command, request);
        result = result != null ? result : queues.run(command, request);
        if (result == null) {
            throw new IllegalArgumentException("no command " + command);
        }
        return result;
    }

    private JsonNode connect(JsonNode request) throws Exception {
        int sessionTimeout = request.get("sessionTimeout").asInt();
        client = CuratorFrameworkFactory.newClient(
                request.get("connect").asText(), sessionTimeout, 10_000, new RetryNTimes(10, 200));
        client.getConnectionStateListenable()
                .addListener((curator, state) -> stateListener.accept(state.name()));
        client.start();
        recipeLocks = new Locks(client);
        if (!client.blockUntilConnected(request.get("connectTimeout").asInt(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("no connection to " + request.get("connect").asText());
        }
        elections = new Elections(client);
        counters = new Counters(client);
        queues = new Queues(client);
        // True is Curator's default: `enabled` is not written.
        serializer = new JsonInstanceSerializer<>(Object.class, !request.get("writeEnabled").asBoolean());
        discovery = ServiceDiscoveryBuilder.builder(Object.class)
                .client(client)
                .basePath(request.get("basePath").asText())
                .serializer(serializer)
                .build();
        discovery.start();
        return NullNode.instance;
    }

    private JsonNode register(JsonNode json) throws Exception {
        ServiceInstance<Object> instance = Instances.parse(json, null);
        discovery.registerService(instance);
        registered.put(instance.getId(), instance);
        return write(instance);
    }

    private JsonNode update(JsonNode json) throws Exception {
        ServiceInstance<Object> old = registered.get(json.path("id").asText());
        ServiceInstance<Object> instance = Instances.parse(json, old);
        discovery.updateService(instance);
        registered.put(instance.getId(), instance);
        return write(instance);
    }

    private JsonNode unregister(String id) throws Exception {
        ServiceInstance<Object> instance = registered.remove(id);
        if (instance == null) {
            throw new IllegalArgumentException("no instance " + id + " is registered here");
        }
        discovery.unregisterService(instance);
        return NullNode.instance;
    }

    private JsonNode query(String name) throws Exception {
        ArrayNode found = JsonLines.MAPPER.createArrayNode();
        for (ServiceInstance<Object> instance : discovery.queryForInstances(name)) {
            found.add(write(instance));
        }
        return found;
    }

    private JsonNode acquire(JsonNode request) throws Exception {
        InterProcessMutex lock = locks.computeIfAbsent(
                request.get("lock").asText(), path -> new InterProcessMutex(client, path));
        return BooleanNode.valueOf(lock.acquire(request.get("timeout").asLong(), TimeUnit.MILLISECONDS));
    }

    private JsonNode write(ServiceInstance<Object> instance) throws Exception {
        return JsonLines.MAPPER.readTree(serializer.serialize(instance));
    }

    private static String path(JsonNode request) {
        return request.get("path").asText();
    }

    private static byte[] data(JsonNode request) throws IOException {
        return Base64.getDecoder().decode(request.get("data").asText());
    }
}
