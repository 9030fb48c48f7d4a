package io.meshkeeper.testbed.finagle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.twitter.finagle.Addr;
import com.twitter.finagle.Address;
import com.twitter.finagle.addr.WeightedAddress;
import com.twitter.finagle.common.zookeeper.ServerSet;
import com.twitter.finagle.common.zookeeper.ServerSetImpl;
import com.twitter.finagle.common.zookeeper.ZooKeeperClient;
import com.twitter.finagle.serverset2.Zk2Resolver;
import com.twitter.util.Duration;
import com.twitter.util.Var;
import io.meshkeeper.testbed.json.JsonLines;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import scala.Option;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/** Finagle's serversets: joins them, and resolves them as {@code zk2!} does. */
public final class FinagleDriver {
    private final Map<String, ServerSet.EndpointStatus> joined = new HashMap<>();
    private final Map<String, AtomicReference<Addr>> resolved = new ConcurrentHashMap<>();
    private final Zk2Resolver resolver = new Zk2Resolver();
    private String connect;
    private ZooKeeperClient client;

    private FinagleDriver() {
    }

    public static void main(String[] arguments) throws Exception {
        JsonLines.serve(new FinagleDriver()::run);
    }

    private JsonNode run(String command, JsonNode request) throws Exception {
        switch (command) {
            case "connect":
                return connect(request);
            case "join":
                return join(request);
            case "leave":
                joined.remove(request.get("key").asText()).leave();
                return NullNode.instance;
            case "resolve":
                return resolve(request);
            case "close":
                client.close();
                return NullNode.instance;
            default:
                throw new IllegalArgumentException("no command " + command);
        }
    }

    private JsonNode connect(JsonNode request) throws Exception {
        connect = request.get("connect").asText();
        int colon = connect.lastIndexOf(':');
        InetSocketAddress server =
                new InetSocketAddress(connect.substring(0, colon), Integer.parseInt(connect.substring(colon + 1)));
        client = new ZooKeeperClient(Duration.fromMilliseconds(request.get("sessionTimeout").asLong()), server);
        client.get(Duration.fromMilliseconds(request.get("connectTimeout").asLong()));
        return NullNode.instance;
    }

    private JsonNode join(JsonNode request) throws Exception {
        ServerSet set = new ServerSetImpl(client, request.get("path").asText());
        Map<String, InetSocketAddress> additional = new LinkedHashMap<>();
        request.path("additional").fields().forEachRemaining(
                endpoint -> additional.put(endpoint.getKey(), address(endpoint.getValue())));
        InetSocketAddress main = address(request.get("address"));
        ServerSet.EndpointStatus status;
        if (request.hasNonNull("metadata")) {
            Map<String, String> metadata = new LinkedHashMap<>();
            request.get("metadata").fields().forEachRemaining(
                    entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
            status = set.join(main, additional, request.get("shard").asInt(), metadata);
        } else if (request.hasNonNull("shard")) {
            status = set.join(main, additional, request.get("shard").asInt());
        } else {
            status = set.join(main, additional);
        }
        joined.put(request.get("key").asText(), status);
        return NullNode.instance;
    }

    /** What the resolver says now; it goes on watching. */
    private JsonNode resolve(JsonNode request) {
        String path = request.get("path").asText();
        String endpoint = request.path("endpoint").asText("");
        Option<String> named = Option.apply(endpoint.isEmpty() ? null : endpoint);
        AtomicReference<Addr> latest = resolved.computeIfAbsent(path + "!" + endpoint, key -> {
            AtomicReference<Addr> reference = new AtomicReference<>();
            Var<Addr> addr = resolver.addrOf(connect, path, named);
            addr.changes().respond(new AbstractFunction1<Addr, BoxedUnit>() {
                @Override
                public BoxedUnit apply(Addr changed) {
                    reference.set(changed);
                    return BoxedUnit.UNIT;
                }
            });
            return reference;
        });
        Addr addr = latest.get();
        ObjectNode result = JsonLines.MAPPER.createObjectNode();
        if (!(addr instanceof Addr.Bound)) {
            return result.put("state", String.valueOf(addr));
        }
        ArrayNode addresses = result.put("state", "bound").putArray("addresses");
        for (Address each : JavaConverters.setAsJavaSet(((Addr.Bound) addr).addrs())) {
            Tuple2<Address, Object> weighted = WeightedAddress.extract(each);
            if (weighted._1() instanceof Address.Inet) {
                InetSocketAddress inet = ((Address.Inet) weighted._1()).addr();
                addresses.addObject()
                        .put("address", inet.getAddress().getHostAddress())
                        .put("port", inet.getPort())
                        .put("weight", (double) weighted._2());
            }
        }
        return result;
    }

    private static InetSocketAddress address(JsonNode json) {
        return new InetSocketAddress(json.get("host").asText(), json.get("port").asInt());
    }
}
