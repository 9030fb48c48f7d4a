package io.meshkeeper.testbed.dubbo;

import org.apache.dubbo.rpc.RpcContext;

/** Serves every interface, and says its name and the port of its protocol in each answer. */
final class Person implements Greeter, Farewell {
    private final String name;

    Person(String name) {
        this.name = name;
    }

    @Override
    public String greet(String other) {
        return name + " greets " + other + at();
    }

    @Override
    public String pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
        return name + " paused" + at();
    }

    @Override
    public String leave(String other) {
        return name + " leaves " + other + at();
    }

    private static String at() {
        return " at " + RpcContext.getServiceContext().getLocalPort();
    }
}
