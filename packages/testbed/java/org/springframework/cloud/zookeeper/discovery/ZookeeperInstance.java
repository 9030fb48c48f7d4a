package org.springframework.cloud.zookeeper.discovery;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The payload that Spring Cloud Zookeeper puts in its instances. Only the class's name and the shape of its
 * JSON matter: Curator writes the former as {@code @class} and reads it back by that name.
 */
public class ZookeeperInstance {
    private String id;
    private String name;
    private Map<String, String> metadata = new LinkedHashMap<>();

    private ZookeeperInstance() {
    }

    public ZookeeperInstance(String id, String name, Map<String, String> metadata) {
        this.id = id;
        this.name = name;
        this.metadata = metadata;
    }

    public String getId() {
        return id;
    }

    public void setId(String id) {
        this.id = id;
    }

    public String getName() {
        return name;
    }

    public void setName(String name) {
        this.name = name;
    }

    public Map<String, String> getMetadata() {
        return metadata;
    }

    public void setMetadata(Map<String, String> metadata) {
        this.metadata = metadata;
    }
}
