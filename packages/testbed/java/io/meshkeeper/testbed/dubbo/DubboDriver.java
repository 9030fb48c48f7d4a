package io.meshkeeper.testbed.dubbo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.lang.reflect.InvocationTargetException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.dubbo.common.config.configcenter.DynamicConfiguration;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;
import org.apache.dubbo.qos.command.impl.Offline;
import org.apache.dubbo.qos.command.impl.Online;
import org.apache.dubbo.rpc.RpcContext;
import org.apache.dubbo.rpc.model.FrameworkModel;

/** One Dubbo application: what it provides, what it calls, and its rules. */
public final class DubboDriver {
    private final DubboBootstrap bootstrap = DubboBootstrap.getInstance();
    private final Map<String, ServiceConfig<Object>> provided = new HashMap<>();
    private final Map<String, ReferenceConfig<Object>> references = new ConcurrentHashMap<>();
    /** What listeners were told last. */
    private final Map<String, String> told = new ConcurrentHashMap<>();
    private Person person;

    private DubboDriver() {
    }

    public static void main(String[] arguments) throws Exception {
        JsonLines.serve(new DubboDriver()::run);
    }

    private JsonNode run(String command, JsonNode request) throws Exception {
        switch (command) {
            case "start":
                return start(request);
            case "provide":
                return provide(request);
            case "withdraw":
                provided.remove(request.get("key").asText()).unexport();
                return NullNode.instance;
            case "call":
                return call(request);
            case "rule":
                return BooleanNode.valueOf(configuration().publishConfig(
                        request.get("key").asText(), "dubbo", request.get("content").asText()));
            case "config":
                return TextNode.valueOf(configuration().getConfig(
                        request.get("key").asText(), request.get("group").asText(), 5_000));
            case "watchConfig":
                configuration().addListener(request.get("key").asText(), request.get("group").asText(),
                        event -> told.put(event.getGroup() + "/" + event.getKey(), event.getContent()));
                return NullNode.instance;
            case "told":
                return JsonLines.MAPPER.valueToTree(told);
            case "offline":
                return TextNode.valueOf(new Offline(FrameworkModel.defaultModel()).execute(null, pattern(request)));
            case "online":
                return TextNode.valueOf(new Online(FrameworkModel.defaultModel()).execute(null, pattern(request)));
            case "stop":
                bootstrap.stop();
                return NullNode.instance;
            default:
                throw new IllegalArgumentException("no command " + command);
        }
    }

    private JsonNode start(JsonNode request) throws Exception {
        person = new Person(request.get("name").asText());
        bootstrap.application(Configs.application(request));
        bootstrap.registry(Configs.registry(request));
        bootstrap.protocols(Configs.protocols(request));
        for (JsonNode service : request.path("services")) {
            ServiceConfig<Object> config = Configs.service(service, person);
            bootstrap.service(config);
            provided.put(service.get("key").asText(), config);
        }
        bootstrap.start();
        return NullNode.instance;
    }

    /** A service of an application that runs already. */
    private JsonNode provide(JsonNode request) throws Exception {
        JsonNode service = request.get("service");
        ServiceConfig<Object> config = Configs.service(service, person);
        config.setScopeModel(bootstrap.getApplicationModel().getDefaultModule());
        config.export();
        provided.put(service.get("key").asText(), config);
        return NullNode.instance;
    }

    private JsonNode call(JsonNode request) throws Exception {
        JsonNode wanted = request.get("reference");
        Object proxy = references.computeIfAbsent(wanted.toString(), key -> {
            try {
                ReferenceConfig<Object> config = Configs.reference(wanted);
                config.setScopeModel(bootstrap.getApplicationModel().getDefaultModule());
                return config;
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        }).get();
        RpcContext.getClientAttachment().clearAttachments();
        request.path("attachments").fields().forEachRemaining(
                entry -> RpcContext.getClientAttachment().setAttachment(entry.getKey(), entry.getValue().asText()));
        JsonNode argument = request.get("argument");
        Object value = argument.isInt() ? (Object) argument.asInt() : argument.asText();
        Class<?> type = argument.isInt() ? int.class : String.class;
        try {
            Object answer = Class.forName(wanted.get("interface").asText())
                    .getMethod(request.get("method").asText(), type)
                    .invoke(proxy, value);
            return TextNode.valueOf(String.valueOf(answer));
        } catch (InvocationTargetException failed) {
            throw failed.getCause() instanceof Exception ? (Exception) failed.getCause() : failed;
        }
    }

    private DynamicConfiguration configuration() {
        return bootstrap.getApplicationModel().modelEnvironment().getDynamicConfiguration()
                .orElseThrow(() -> new IllegalStateException("no configuration centre"));
    }

    private static String[] pattern(JsonNode request) {
        return request.hasNonNull("service") ? new String[] {request.get("service").asText()} : new String[0];
    }
}
