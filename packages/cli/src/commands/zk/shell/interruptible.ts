import type { ZooKeeper } from '@meshkeeper/zookeeper';

/** The same client, for work that ends when the signal aborts: no call begins or answers after that. */
export function interruptible(zk: ZooKeeper, signal: AbortSignal): ZooKeeper {
  return new Proxy(zk, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]) => {
        signal.throwIfAborted();
        const result: unknown = Reflect.apply(value, target, args);
        return result instanceof Promise ? unlessAborted(result, signal) : result;
      };
    },
  });
}

/** Resolves with the work, or rejects as soon as the signal aborts. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
