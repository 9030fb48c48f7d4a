package io.meshkeeper.testbed.d2;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.linkedin.common.callback.FutureCallback;
import com.linkedin.common.util.None;
import com.linkedin.d2.balancer.D2Client;
import com.linkedin.d2.balancer.D2ClientBuilder;
import com.linkedin.d2.balancer.properties.PartitionData;
import com.linkedin.d2.balancer.servers.ZKUriStoreFactory;
import com.linkedin.d2.balancer.servers.ZooKeeperAnnouncer;
import com.linkedin.d2.balancer.servers.ZooKeeperConnectionManager;
import com.linkedin.d2.balancer.servers.ZooKeeperServer;
import com.linkedin.d2.discovery.util.D2Config;
import com.linkedin.r2.message.rest.RestRequestBuilder;
import com.linkedin.r2.message.rest.RestResponse;
import io.meshkeeper.testbed.json.JsonLines;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** LinkedIn's D2: its configuration tool, servers that announce themselves, and its client. */
public final class D2Driver {
    private final Map<String, Announced> announced = new LinkedHashMap<>();
    private String connect;
    private String root;
    private int sessionTimeout;
    private D2Client client;

    /** A server's announcer, and the session that it announces in. */
    private static final class Announced {
        final ZooKeeperAnnouncer announcer;
        final ZooKeeperConnectionManager connection;

        Announced(ZooKeeperAnnouncer announcer, ZooKeeperConnectionManager connection) {
            this.announcer = announcer;
            this.connection = connection;
        }
    }

    private D2Driver() {
    }

    public static void main(String[] arguments) throws Exception {
        JsonLines.serve(new D2Driver()::run);
    }

    private JsonNode run(String command, JsonNode request) throws Exception {
        switch (command) {
            case "connect":
                connect = request.get("connect").asText();
                root = request.get("root").asText();
                sessionTimeout = request.get("sessionTimeout").asInt();
                return NullNode.instance;
            case "configure":
                return configure(request);
            case "announce":
                return announce(request);
            case "markUp":
                waitFor(announced.get(request.get("key").asText()).announcer::markUp);
                return NullNode.instance;
            case "markDown":
                waitFor(announced.get(request.get("key").asText()).announcer::markDown);
                return NullNode.instance;
            case "changeWeight":
                return changeWeight(request);
            case "call":
                return call(request);
            case "close":
                for (Announced each : announced.values()) {
                    waitFor(each.connection::shutdown);
                }
                if (client != null) {
                    waitFor(client::shutdown);
                }
                return NullNode.instance;
            default:
                throw new IllegalArgumentException("no command " + command);
        }
    }

    /** Writes the znodes of clusters and services, as the tool that D2's users configure them with. */
    private JsonNode configure(JsonNode request) throws Exception {
        Map<String, Object> clusters = map(request.get("clusters"));
        Map<String, Object> defaults = map(request.path("serviceDefaults"));
        int status = new D2Config(
                connect, sessionTimeout, root, 20_000, 10,
                new HashMap<>(), defaults, clusters, new HashMap<>(), new HashMap<>()).configure();
        if (status != D2Config.NO_ERROR_EXIT_CODE) {
            throw new IllegalStateException("D2Config ended with " + status);
        }
        return NullNode.instance;
    }

    private JsonNode announce(JsonNode request) throws Exception {
        ZooKeeperAnnouncer announcer = new ZooKeeperAnnouncer(new ZooKeeperServer());
        announcer.setCluster(request.get("cluster").asText());
        announcer.setUri(request.get("uri").asText());
        weigh(announcer, request);
        if (request.hasNonNull("properties")) {
            announcer.setUriSpecificProperties(map(request.get("properties")));
        }
        ZooKeeperConnectionManager connection = new ZooKeeperConnectionManager(
                connect, sessionTimeout, root, new ZKUriStoreFactory(), announcer);
        announced.put(request.get("key").asText(), new Announced(announcer, connection));
        waitFor(connection::start);
        return NullNode.instance;
    }

    private JsonNode changeWeight(JsonNode request) throws Exception {
        ZooKeeperAnnouncer announcer = announced.get(request.get("key").asText()).announcer;
        weigh(announcer, request);
        waitFor(callback -> announcer.changeWeight(callback, request.path("doNotSlowStart").asBoolean()));
        return NullNode.instance;
    }

    /** Calls {@code d2://service/path}, found and balanced by its client; the answer's body. */
    private JsonNode call(JsonNode request) throws Exception {
        if (client == null) {
            client = new D2ClientBuilder()
                    .setZkHosts(connect)
                    .setZkSessionTimeout(sessionTimeout, TimeUnit.MILLISECONDS)
                    .setBasePath(root)
                    .setFsBasePath(System.getProperty("user.home") + "/d2")
                    .setLbWaitTimeout(10, TimeUnit.SECONDS)
                    .build();
            waitFor(client::start);
        }
        RestResponse response = client.restRequest(
                        new RestRequestBuilder(URI.create(request.get("uri").asText())).setMethod("GET").build())
                .get(20, TimeUnit.SECONDS);
        return TextNode.valueOf(response.getEntity().asString(StandardCharsets.UTF_8));
    }

    private static void weigh(ZooKeeperAnnouncer announcer, JsonNode request) {
        if (request.hasNonNull("weight")) {
            announcer.setWeight(request.get("weight").asDouble());
        } else {
            Map<Integer, PartitionData> partitions = new LinkedHashMap<>();
            request.get("partitions").fields().forEachRemaining(entry -> partitions.put(
                    Integer.valueOf(entry.getKey()), new PartitionData(entry.getValue().asDouble())));
            announcer.setPartitionData(partitions);
        }
    }

    private static void waitFor(Consumer<FutureCallback<None>> call) throws Exception {
        FutureCallback<None> callback = new FutureCallback<>();
        call.accept(callback);
        callback.get(20, TimeUnit.SECONDS);
    }

    private static Map<String, Object> map(JsonNode json) {
        if (json.isMissingNode()) {
            return new HashMap<>();
        }
        return JsonLines.MAPPER.convertValue(json, new TypeReference<HashMap<String, Object>>() { });
    }
}
