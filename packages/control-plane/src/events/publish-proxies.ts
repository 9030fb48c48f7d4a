import type { ProxyChanges } from '../convergence/proxy-changes.ts';
import type { EventBus } from './event-bus.ts';

/** Tells that data planes came, went, or answered; until it is disposed. */
export function publishProxies(events: EventBus, changes: ProxyChanges): AsyncDisposable {
  const stop = new AbortController();
  const following = (async () => {
    for await (const _ of changes.follow(stop.signal)) events.publish('proxies', {});
  })();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following.catch(() => {}); // it was told to end
    },
  };
}
