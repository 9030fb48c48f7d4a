package io.meshkeeper.testbed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshkeeper.testbed.json.JsonLines;
import org.apache.curator.x.discovery.ServiceInstance;
import org.apache.curator.x.discovery.ServiceInstanceBuilder;
import org.apache.curator.x.discovery.ServiceType;
import org.apache.curator.x.discovery.UriSpec;

/** Instances out of the commands' JSON, through Curator's builder and with its defaults. */
final class Instances {
    private Instances() {
    }

    /** The registration time is that of {@code old} if there is one and none is given. */
    static ServiceInstance<Object> parse(JsonNode json, ServiceInstance<Object> old) throws Exception {
        ServiceInstanceBuilder<Object> builder = ServiceInstance.builder();
        builder.name(json.get("name").asText());
        if (json.hasNonNull("id")) {
            builder.id(json.get("id").asText());
        }
        if (json.hasNonNull("address")) {
            builder.address(json.get("address").asText());
        }
        if (json.hasNonNull("port")) {
            builder.port(json.get("port").asInt());
        }
        if (json.hasNonNull("sslPort")) {
            builder.sslPort(json.get("sslPort").asInt());
        }
        if (json.hasNonNull("payload")) {
            builder.payload(payload(json.get("payload")));
        }
        if (json.hasNonNull("registrationTimeUTC")) {
            builder.registrationTimeUTC(json.get("registrationTimeUTC").asLong());
        } else if (old != null) {
            builder.registrationTimeUTC(old.getRegistrationTimeUTC());
        }
        if (json.hasNonNull("serviceType")) {
            builder.serviceType(ServiceType.valueOf(json.get("serviceType").asText()));
        }
        if (json.hasNonNull("uriSpec")) {
            builder.uriSpec(new UriSpec(json.get("uriSpec").asText()));
        }
        if (json.hasNonNull("enabled")) {
            builder.enabled(json.get("enabled").asBoolean());
        }
        return builder.build();
    }

    private static Object payload(JsonNode json) throws Exception {
        if (json.isTextual()) {
            return json.asText();
        }
        ObjectNode fields = json.deepCopy();
        Class<?> type = Class.forName(fields.remove("@class").asText());
        return JsonLines.MAPPER.treeToValue(fields, type);
    }
}
