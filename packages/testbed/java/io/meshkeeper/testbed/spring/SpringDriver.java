package io.meshkeeper.testbed.spring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.x.discovery.ServiceDiscovery;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.commons.util.InetUtils;
import org.springframework.cloud.commons.util.InetUtilsProperties;
import org.springframework.cloud.zookeeper.discovery.ZookeeperDiscoveryClient;
import org.springframework.cloud.zookeeper.discovery.ZookeeperDiscoveryProperties;
import org.springframework.cloud.zookeeper.discovery.ZookeeperInstance;
import org.springframework.cloud.zookeeper.serviceregistry.ServiceInstanceRegistration;
import org.springframework.cloud.zookeeper.serviceregistry.ZookeeperAutoServiceRegistrationAutoConfiguration;
import org.springframework.cloud.zookeeper.serviceregistry.ZookeeperServiceRegistry;
import org.springframework.cloud.zookeeper.support.CuratorServiceDiscoveryAutoConfiguration;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.MapPropertySource;

/**
 * Spring Cloud Zookeeper without Spring Boot: its own configuration classes make the registration, its
 * own registry writes it, and its own discovery client reads it.
 */
public final class SpringDriver {
    private final Map<String, ServiceInstanceRegistration> registered = new LinkedHashMap<>();
    private CuratorFramework curator;
    private String root;
    private ServiceDiscovery<ZookeeperInstance> discovery;
    private ZookeeperServiceRegistry registry;
    private ZookeeperDiscoveryClient client;
    private SpringConfig config;

    private SpringDriver() {
    }

    public static void main(String[] arguments) throws Exception {
        JsonLines.serve(new SpringDriver()::run);
    }

    private JsonNode run(String command, JsonNode request) throws Exception {
        switch (command) {
            case "connect":
                return connect(request);
            case "register":
                return register(request.get("instance"));
            case "deregister":
                registry.deregister(registered.remove(request.get("instance").asText()));
                return NullNode.instance;
            case "setStatus":
                registry.setStatus(registered.get(request.get("instance").asText()), request.get("status").asText());
                return NullNode.instance;
            case "status":
                return TextNode.valueOf(
                        String.valueOf(registry.getStatus(registered.get(request.get("instance").asText()))));
            case "instances":
                return instances(request.get("name").asText());
            case "services":
                return JsonLines.MAPPER.valueToTree(client.getServices());
            case "config":
                return config.properties(request);
            case "watchConfig":
                return config.watch(request);
            case "refreshes":
                return config.refreshes();
            case "close":
                config.close();
                registry.close();
                discovery.close();
                curator.close();
                return NullNode.instance;
            default:
                throw new IllegalArgumentException("no command " + command);
        }
    }

    private JsonNode connect(JsonNode request) throws Exception {
        root = request.get("root").asText();
        curator = CuratorFrameworkFactory.newClient(
                request.get("connect").asText(),
                request.get("sessionTimeout").asInt(),
                10_000,
                new RetryNTimes(10, 200));
        curator.start();
        if (!curator.blockUntilConnected(request.get("connectTimeout").asInt(), TimeUnit.MILLISECONDS)) {
            throw new IllegalStateException("no connection to " + request.get("connect").asText());
        }
        ZookeeperDiscoveryProperties properties = properties();
        CuratorServiceDiscoveryAutoConfiguration configuration = new CuratorServiceDiscoveryAutoConfiguration();
        discovery = configuration.curatorServiceDiscovery(configuration.defaultServiceDiscoveryCustomizer(
                curator, properties, configuration.deprecatedInstanceSerializer()));
        discovery.start();
        registry = new ZookeeperServiceRegistry(discovery);
        config = new SpringConfig(curator);
        client = new ZookeeperDiscoveryClient(discovery, null, properties);
        return NullNode.instance;
    }

    /** As the auto-configuration does it, with the application's name and {@code spring.cloud.zookeeper.discovery.*}. */
    private JsonNode register(JsonNode given) {
        String name = given.get("name").asText();
        ZookeeperDiscoveryProperties properties = properties();
        properties.setInstanceHost(given.get("address").asText());
        if (given.hasNonNull("id")) {
            properties.setInstanceId(given.get("id").asText());
        }
        if (given.hasNonNull("sslPort")) {
            properties.setInstanceSslPort(given.get("sslPort").asInt());
        }
        if (given.hasNonNull("status")) {
            properties.setInitialStatus(given.get("status").asText());
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        given.path("metadata").fields().forEachRemaining(
                entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
        properties.setMetadata(metadata);
        try (GenericApplicationContext context = new GenericApplicationContext()) {
            context.setId(name);
            context.getEnvironment().getPropertySources().addFirst(
                    new MapPropertySource("application", Map.of("spring.application.name", name)));
            context.refresh();
            ServiceInstanceRegistration registration = new ZookeeperAutoServiceRegistrationAutoConfiguration()
                    .serviceInstanceRegistration(context, properties);
            registration.setPort(given.get("port").asInt());
            registry.register(registration);
            String id = registration.getServiceInstance().getId();
            registered.put(id, registration);
            return TextNode.valueOf(id);
        }
    }

    private JsonNode instances(String name) {
        ArrayNode found = JsonLines.MAPPER.createArrayNode();
        for (ServiceInstance instance : client.getInstances(name)) {
            ObjectNode json = found.addObject()
                    .put("id", instance.getInstanceId())
                    .put("name", instance.getServiceId())
                    .put("host", instance.getHost())
                    .put("port", instance.getPort())
                    .put("secure", instance.isSecure())
                    .put("uri", String.valueOf(instance.getUri()));
            json.set("metadata", JsonLines.MAPPER.valueToTree(instance.getMetadata()));
        }
        return found;
    }

    private ZookeeperDiscoveryProperties properties() {
        ZookeeperDiscoveryProperties properties =
                new ZookeeperDiscoveryProperties(new InetUtils(new InetUtilsProperties()));
        properties.setRoot(root);
        return properties;
    }
}
