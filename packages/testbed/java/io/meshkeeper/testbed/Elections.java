package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.leader.Participant;
import org.apache.curator.framework.recipes.nodes.GroupMember;

/** LeaderLatch, LeaderSelector and GroupMember; one of each a path. */
final class Elections {
    private final CuratorFramework client;
    private final Map<String, LeaderLatch> latches = new ConcurrentHashMap<>();
    private final Map<String, Term> terms = new ConcurrentHashMap<>();
    private final Map<String, GroupMember> members = new ConcurrentHashMap<>();

    Elections(CuratorFramework client) {
        this.client = client;
    }

    /** Null for a command of somebody else's. */
    JsonNode run(String command, JsonNode request) throws Exception {
        String path = request.path("path").asText();
        String id = request.path("data").asText();
        switch (command) {
            case "latch-join":
                LeaderLatch latch = new LeaderLatch(client, path, id);
                latches.put(path, latch);
                latch.start();
                return NullNode.instance;
            case "latch-await":
                long timeout = request.get("timeout").asLong();
                return BooleanNode.valueOf(latches.get(path).await(timeout, TimeUnit.MILLISECONDS));
            case "latch-participants":
                ArrayNode found = JsonLines.MAPPER.createArrayNode();
                for (Participant participant : latches.get(path).getParticipants()) {
                    found.addObject().put("id", participant.getId()).put("isLeader", participant.isLeader());
                }
                return found;
            case "latch-leave":
                latches.remove(path).close();
                return NullNode.instance;
            case "selector-join":
                terms.put(path, new Term(client, path, id));
                return NullNode.instance;
            case "selector-await":
                return BooleanNode.valueOf(
                        terms.get(path).began.await(request.get("timeout").asLong(), TimeUnit.MILLISECONDS));
            case "selector-end":
                terms.remove(path).end.countDown();
                return NullNode.instance;
            case "member-join":
                GroupMember member = new GroupMember(client, path, id, request.get("payload").asText().getBytes());
                members.put(path, member);
                member.start();
                return NullNode.instance;
            case "member-list":
                return JsonLines.MAPPER.valueToTree(members.get(path).getCurrentMembers());
            case "member-leave":
                members.remove(path).close();
                return NullNode.instance;
            default:
                return null;
        }
    }

    /** One term of leadership, that lasts until it is ended. */
    private static final class Term extends LeaderSelectorListenerAdapter {
        final CountDownLatch began = new CountDownLatch(1);
        final CountDownLatch end = new CountDownLatch(1);

        Term(CuratorFramework client, String path, String id) {
            LeaderSelector selector = new LeaderSelector(client, path, this);
            selector.setId(id);
            selector.start();
        }

        @Override
        public void takeLeadership(CuratorFramework client) throws Exception {
            began.countDown();
            end.await();
        }
    }
}
