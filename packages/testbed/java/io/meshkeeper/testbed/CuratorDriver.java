package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Curator, driven by a line of JSON a command: {@code {"id":1,"command":"register",…}} on the
 * standard input is answered by {@code {"id":1,"ok":true,"result":…}} or
 * {@code {"id":1,"ok":false,"error":"…"}} on the standard output. A line without an id tells the
 * state of the connection. The end of the input ends the program.
 */
public final class CuratorDriver {
    static final ObjectMapper MAPPER = new ObjectMapper();

    private static final PrintStream OUT =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    /** A lock belongs to the thread that took it, so each lock has one; the rest shares "". */
    private static final Map<String, ExecutorService> THREADS = new ConcurrentHashMap<>();

    private CuratorDriver() {
    }

    public static void main(String[] arguments) throws Exception {
        Commands commands = new Commands(CuratorDriver::tellState);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode request = MAPPER.readTree(line);
            String thread = request.path("lock").asText("");
            THREADS.computeIfAbsent(thread, name -> Executors.newSingleThreadExecutor())
                    .execute(() -> answer(commands, request));
        }
        System.exit(0);
    }

    private static void answer(Commands commands, JsonNode request) {
        ObjectNode reply = MAPPER.createObjectNode();
        reply.set("id", request.get("id"));
        try {
            JsonNode result = commands.run(request.path("command").asText(), request);
            reply.put("ok", true).set("result", result);
        } catch (Throwable failure) {
            failure.printStackTrace();
            reply.put("ok", false).put("error", failure.toString());
        }
        OUT.println(reply);
    }

    private static void tellState(String state) {
        OUT.println(MAPPER.createObjectNode().put("state", state));
    }
}
