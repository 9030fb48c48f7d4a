package io.meshkeeper.testbed.json;

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
 * A library, driven by a line of JSON a command: {@code {"id":1,"command":"register",…}} on the
 * standard input is answered by {@code {"id":1,"ok":true,"result":…}} or
 * {@code {"id":1,"ok":false,"error":"…"}} on the standard output; a line without an id tells something
 * that nobody asked for. The end of the input ends the program. Commands run one after the other,
 * except those that say {@code "besides":true}, and those of a {@code "lock"}, each of which has a
 * thread, since it belongs to the one that took it.
 */
public final class JsonLines {
    public static final ObjectMapper MAPPER = new ObjectMapper();

    private static final PrintStream OUT =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private static final Map<String, ExecutorService> THREADS = new ConcurrentHashMap<>();
    private static final ExecutorService BESIDES = Executors.newCachedThreadPool();

    /** What runs a command; null is a result too. */
    public interface Commands {
        JsonNode run(String command, JsonNode request) throws Exception;
    }

    private JsonLines() {
    }

    /** Serves the standard input to its end, and ends the program. */
    public static void serve(Commands commands) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode request = MAPPER.readTree(line);
            threadOf(request).execute(() -> tell(answer(commands, request)));
        }
        System.exit(0);
    }

    /** Writes a line. */
    public static void tell(ObjectNode line) {
        OUT.println(line);
    }

    private static ExecutorService threadOf(JsonNode request) {
        return request.path("besides").asBoolean()
                ? BESIDES
                : THREADS.computeIfAbsent(
                        request.path("lock").asText(""), name -> Executors.newSingleThreadExecutor());
    }

    private static ObjectNode answer(Commands commands, JsonNode request) {
        ObjectNode reply = MAPPER.createObjectNode();
        reply.set("id", request.get("id"));
        try {
            JsonNode result = commands.run(request.path("command").asText(), request);
            reply.put("ok", true).set("result", result);
        } catch (Throwable failure) {
            failure.printStackTrace();
            reply.put("ok", false).put("error", failure.toString());
        }
        return reply;
    }
}
