package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.queue.DistributedPriorityQueue;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.MultiItem;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.state.ConnectionState;

/** DistributedQueue and DistributedPriorityQueue, of texts. */
final class Queues {
    private static final QueueSerializer<String> TEXT = new QueueSerializer<String>() {
        @Override
        public byte[] serialize(String item) {
            return item.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String deserialize(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    };

    private final CuratorFramework client;

    Queues(CuratorFramework client) {
        this.client = client;
    }

    /** Null for a command of somebody else's. */
    JsonNode run(String command, JsonNode request) throws Exception {
        switch (command) {
            case "queue-put":
                return put(request);
            case "queue-take":
                return take(request);
            default:
                return null;
        }
    }

    private JsonNode put(JsonNode request) throws Exception {
        Iterator<JsonNode> items = request.get("items").iterator();
        MultiItem<String> all = () -> items.hasNext() ? items.next().asText() : null;
        QueueBuilder<String> builder = builder(request, null).putInBackground(false);
        if (request.hasNonNull("priority")) {
            try (DistributedPriorityQueue<String> queue = builder.buildPriorityQueue(0)) {
                queue.start();
                queue.putMulti(all, request.get("priority").asInt());
            }
        } else {
            try (DistributedQueue<String> queue = builder.buildQueue()) {
                queue.start();
                queue.putMulti(all);
            }
        }
        return NullNode.instance;
    }

    /** Consumes {@code count} items, in the order in which the consumer is given them. */
    private JsonNode take(JsonNode request) throws Exception {
        BlockingQueue<String> consumed = new LinkedBlockingQueue<>();
        QueueConsumer<String> consumer = new QueueConsumer<String>() {
            @Override
            public void consumeMessage(String message) {
                consumed.add(message);
            }

            @Override
            public void stateChanged(CuratorFramework client, ConnectionState state) {
            }
        };
        ArrayNode taken = JsonLines.MAPPER.createArrayNode();
        try (DistributedQueue<String> queue = builder(request, consumer).buildQueue()) {
            queue.start();
            for (int i = 0; i < request.get("count").asInt(); i++) {
                String item = consumed.poll(request.get("timeout").asLong(), TimeUnit.MILLISECONDS);
                if (item == null) {
                    break;
                }
                taken.add(item);
            }
        }
        return taken;
    }

    private QueueBuilder<String> builder(JsonNode request, QueueConsumer<String> consumer) {
        QueueBuilder<String> builder =
                QueueBuilder.builder(client, consumer, TEXT, request.get("path").asText()).executor(Runnable::run);
        return request.hasNonNull("lockPath") ? builder.lockPath(request.get("lockPath").asText()) : builder;
    }
}
