import type { ServiceChange } from '@meshkeeper/mesh';
import type { EventBus } from './event-bus.ts';

/** Services that are told one by one, at most; of more it is told that there were many. */
export const EACH = 1_000;

/** Tells what a commit of the catalog has changed. */
export function publishServices(
  events: EventBus,
  revision: number,
  changes: readonly ServiceChange[],
): void {
  if (changes.length > EACH)
    events.publish('service', { revision, changed: changes.length }, revision);
  else
    for (const [i, { name, type }] of changes.entries()) {
      const last = i === changes.length - 1;
      events.publish(
        'service',
        { revision, service: name, change: type },
        last ? revision : undefined,
      );
    }
}
