import type { LiveConfig } from '@meshkeeper/config';
import type { EventBus } from './event-bus.ts';

/** Tells which namespaces are released anew, by their names alone; until it is disposed. */
export function publishConfiguration(
  events: EventBus,
  live: Pick<LiveConfig, 'image' | 'known' | 'onChange'>,
): Disposable {
  let before = live.known ? live.image.namespaces : undefined;
  let scheduled: NodeJS.Immediate | undefined;
  const look = () => {
    scheduled = undefined;
    if (!live.known) return;
    const { namespaces } = live.image;
    // What is read first has not changed.
    const known = before ?? namespaces;
    before = namespaces;
    for (const name of new Set([...known.keys(), ...namespaces.keys()])) {
      const [was, is] = [known.get(name), namespaces.get(name)];
      if (was === is) continue;
      const [application, namespace] = name.split('/');
      const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'updated';
      events.publish('configuration', { application, namespace, change });
    }
  };
  const stop = live.onChange(() => {
    scheduled ??= setImmediate(look);
  });
  return {
    [Symbol.dispose]() {
      stop();
      clearImmediate(scheduled);
    },
  };
}
