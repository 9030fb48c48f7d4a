package io.meshkeeper.testbed.dubbo;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.dubbo.config.AbstractInterfaceConfig;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.MethodConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;

/** Dubbo's configuration objects out of the commands' JSON. What is not given keeps Dubbo's default. */
final class Configs {
    private Configs() {
    }

    static ApplicationConfig application(JsonNode json) {
        ApplicationConfig config = new ApplicationConfig(json.get("application").asText());
        ifText(json, "metadataType", config::setMetadataType);
        ifText(json, "registerMode", config::setRegisterMode);
        ifMap(json, "parameters", config::setParameters);
        // Each JVM would want the same port.
        config.setQosEnable(false);
        return config;
    }

    static RegistryConfig registry(JsonNode json) {
        RegistryConfig config = new RegistryConfig("zookeeper://" + json.get("connect").asText());
        ifText(json, "registryGroup", config::setGroup);
        ifNumber(json, "sessionTimeout", config::setSession);
        config.setTimeout(20_000);
        return config;
    }

    static List<ProtocolConfig> protocols(JsonNode json) {
        List<ProtocolConfig> configs = new ArrayList<>();
        for (JsonNode protocol : json.path("protocols")) {
            configs.add(new ProtocolConfig(protocol.get("name").asText(), protocol.get("port").asInt()));
        }
        return configs;
    }

    static ServiceConfig<Object> service(JsonNode json, Person person) throws Exception {
        ServiceConfig<Object> config = new ServiceConfig<>();
        which(config, json);
        config.setInterface(Class.forName(json.get("interface").asText()));
        config.setRef(person);
        ifNumber(json, "weight", config::setWeight);
        ifNumber(json, "warmup", config::setWarmup);
        ifNumber(json, "timeout", config::setTimeout);
        ifNumber(json, "retries", config::setRetries);
        ifText(json, "loadbalance", config::setLoadbalance);
        ifText(json, "tag", config::setTag);
        ifText(json, "token", config::setToken);
        ifText(json, "protocols", config::setProtocolIds);
        ifMap(json, "parameters", config::setParameters);
        if (json.hasNonNull("dynamic")) {
            config.setDynamic(json.get("dynamic").asBoolean());
        }
        if (json.hasNonNull("deprecated")) {
            config.setDeprecated(json.get("deprecated").asBoolean());
        }
        return config;
    }

    static ReferenceConfig<Object> reference(JsonNode json) throws Exception {
        ReferenceConfig<Object> config = new ReferenceConfig<>();
        which(config, json);
        config.setInterface(Class.forName(json.get("interface").asText()));
        ifText(json, "protocol", config::setProtocol);
        ifText(json, "loadbalance", config::setLoadbalance);
        ifText(json, "providedBy", config::setProvidedBy);
        ifNumber(json, "timeout", config::setTimeout);
        ifMap(json, "parameters", config::setParameters);
        config.setCheck(false);
        config.setInjvm(false);
        config.setRetries(0);
        return config;
    }

    private static void which(AbstractInterfaceConfig config, JsonNode json) {
        ifText(json, "group", config::setGroup);
        ifText(json, "version", config::setVersion);
        List<MethodConfig> methods = new ArrayList<>();
        json.path("methods").fields().forEachRemaining(method -> {
            MethodConfig named = new MethodConfig();
            named.setName(method.getKey());
            ifNumber(method.getValue(), "timeout", named::setTimeout);
            ifNumber(method.getValue(), "retries", named::setRetries);
            ifText(method.getValue(), "loadbalance", named::setLoadbalance);
            ifMap(method.getValue(), "parameters", named::setParameters);
            methods.add(named);
        });
        if (!methods.isEmpty()) {
            config.setMethods(methods);
        }
    }

    private static void ifText(JsonNode json, String field, Consumer<String> set) {
        if (json.hasNonNull(field)) {
            set.accept(json.get(field).asText());
        }
    }

    private static void ifNumber(JsonNode json, String field, Consumer<Integer> set) {
        if (json.hasNonNull(field)) {
            set.accept(json.get(field).asInt());
        }
    }

    private static void ifMap(JsonNode json, String field, Consumer<Map<String, String>> set) {
        if (json.hasNonNull(field)) {
            Map<String, String> map = new LinkedHashMap<>();
            json.get(field).fields().forEachRemaining(entry -> map.put(entry.getKey(), entry.getValue().asText()));
            set.accept(map);
        }
    }
}
