package io.meshkeeper.testbed;

import io.meshkeeper.testbed.json.JsonLines;

/** Curator, driven by lines of JSON; what nobody asked for is the state of the connection. */
public final class CuratorDriver {
    private CuratorDriver() {
    }

    public static void main(String[] arguments) throws Exception {
        Commands commands = new Commands(
                state -> JsonLines.tell(JsonLines.MAPPER.createObjectNode().put("state", state)));
        JsonLines.serve(commands::run);
    }
}
