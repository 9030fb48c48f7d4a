import type { BusEvent, EventBus } from '../events/event-bus.ts';
import type { ServerEvent } from './event-stream.ts';

/**
 * What something is, now and whenever a change may concern it: the newest state alone, however many
 * changes came while the reader was busy.
 * @param state undefined when it is not there any more: that is told, and the end
 */
export async function* watched(
  events: EventBus,
  concerns: (event: BusEvent) => boolean,
  state: () => unknown,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const from = events.last;
  let data = state();
  if (data !== undefined) yield { event: 'state', data };
  for await (const batch of events.follow(from, signal)) {
    if (batch !== undefined && !batch.some(concerns)) continue;
    data = state();
    if (data === undefined) {
      yield { event: 'removed', data: {} };
      return;
    }
    yield { event: 'state', data };
  }
}

/** Whether an event is of a service, or of too many to be told one by one. */
export function ofService(name: string): (event: BusEvent) => boolean {
  return ({ kind, data: { service } }) =>
    kind === 'service' && (service === undefined || service === name);
}
