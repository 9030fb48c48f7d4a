package io.meshkeeper.testbed.dubbo;

/** Another interface, for applications that serve two. */
public interface Farewell {
    String leave(String name);
}
