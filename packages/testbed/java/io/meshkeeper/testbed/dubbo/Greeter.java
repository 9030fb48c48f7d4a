package io.meshkeeper.testbed.dubbo;

/** The interface that providers serve under any group and version. */
public interface Greeter {
    /** Says who answers. */
    String greet(String name);

    /** Answers after {@code milliseconds}, so that a timeout can be seen. */
    String pause(int milliseconds);
}
