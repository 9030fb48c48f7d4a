package io.meshkeeper.testbed.dubbo;

/** Serves every interface, and says its name in each answer. */
final class Person implements Greeter, Farewell {
    private final String name;

    Person(String name) {
        this.name = name;
    }

    @Override
    public String greet(String other) {
        return name + " greets " + other;
    }

    @Override
    public String pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
        return name + " paused";
    }

    @Override
    public String leave(String other) {
        return name + " leaves " + other;
    }
}
