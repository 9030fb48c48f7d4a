package io.meshkeeper.testbed.spring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshkeeper.testbed.json.JsonLines;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.commons.logging.LogFactory;
import org.apache.curator.framework.CuratorFramework;
import org.springframework.cloud.zookeeper.config.ConfigWatcher;
import org.springframework.cloud.zookeeper.config.ZookeeperConfigProperties;
import org.springframework.cloud.zookeeper.config.ZookeeperPropertySource;
import org.springframework.cloud.zookeeper.config.ZookeeperPropertySources;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.PropertySourcesPropertyResolver;

/** Spring Cloud Zookeeper Config: its own contexts, property sources and watcher. */
final class SpringConfig {
    private final CuratorFramework curator;
    private final AtomicInteger refreshes = new AtomicInteger();
    private ConfigWatcher watcher;

    SpringConfig(CuratorFramework curator) {
        this.curator = curator;
    }

    /** What an application gets of its contexts, the strongest first, as Spring resolves it. */
    JsonNode properties(JsonNode request) {
        ZookeeperPropertySources all = sources(request);
        MutablePropertySources sources = new MutablePropertySources();
        TreeSet<String> names = new TreeSet<>();
        for (String context : contexts(all, request)) {
            ZookeeperPropertySource source = all.createPropertySource(context, true, curator);
            sources.addLast(source);
            names.addAll(List.of(source.getPropertyNames()));
        }
        PropertySourcesPropertyResolver resolver = new PropertySourcesPropertyResolver(sources);
        ObjectNode properties = JsonLines.MAPPER.createObjectNode();
        names.forEach(name -> properties.put(name, resolver.getProperty(name)));
        return properties;
    }

    /** Watches the contexts of an application: each change asks Spring to refresh. */
    JsonNode watch(JsonNode request) {
        watcher = new ConfigWatcher(contexts(sources(request), request), curator);
        watcher.setApplicationEventPublisher(event -> refreshes.incrementAndGet());
        watcher.start();
        return NullNode.instance;
    }

    /** How often Spring was asked to refresh. */
    JsonNode refreshes() {
        return IntNode.valueOf(refreshes.get());
    }

    void close() {
        if (watcher != null) {
            watcher.close();
        }
    }

    private static ZookeeperPropertySources sources(JsonNode request) {
        ZookeeperConfigProperties properties = new ZookeeperConfigProperties();
        properties.setName(request.get("application").asText());
        if (request.hasNonNull("configRoot")) {
            properties.setRoot(request.get("configRoot").asText());
        }
        return new ZookeeperPropertySources(properties, LogFactory.getLog(SpringConfig.class));
    }

    private static List<String> contexts(ZookeeperPropertySources sources, JsonNode request) {
        List<String> profiles = new ArrayList<>();
        request.path("profiles").forEach(profile -> profiles.add(profile.asText()));
        return sources.getAutomaticContexts(profiles);
    }
}
