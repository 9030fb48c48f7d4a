/** Marks the listeners of this package: the others are the application's. */
const OURS = Symbol.for('meshkeeper.drains');

/**
 * Drains when the process is told to end, and then lets it end: where nobody else listens to the signal it is raised
 * again, so that the process ends as it would have without us; where the application listens, when to exit is
 * the application's. A second signal waits no longer. What this gives takes the listeners off.
 */
export function drainOnSignal(
  signals: readonly NodeJS.Signals[],
  drain: (signal: AbortSignal) => Promise<void>,
): () => void {
  const hurry = new AbortController();
  let begun = false;
  const listener = (signal: NodeJS.Signals): void => {
    if (begun) {
      hurry.abort(new Error(`${signal} came again`));
      return;
    }
    begun = true;
    // Now, because listeners that hear it once are gone when they have.
    const alone = process.rawListeners(signal).every((each) => OURS in each);
    void drain(hurry.signal).finally(() => {
      remove();
      if (alone && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  Object.defineProperty(listener, OURS, { value: true });
  const remove = (): void => {
    for (const signal of signals) process.removeListener(signal, listener);
  };
  // Before the application's, so that those that hear it once are seen.
  for (const signal of signals) process.prependListener(signal, listener);
  return remove;
}
