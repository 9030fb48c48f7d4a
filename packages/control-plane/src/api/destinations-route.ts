import { setTimeout } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DestinationStatus, Destinations } from '../plugins/destinations.ts';
import { type ServerEvent, sendEvents } from './event-stream.ts';
import { timeView } from './proxy-views.ts';
import { route } from './route.ts';
import { watchQuery } from './schemas/common-schemas.ts';
import { destinationListSchema } from './schemas/control-plane-schemas.ts';

/** How often a watch looks whether something has changed, in milliseconds: nobody tells. */
const LOOK = 250;

/** What is served is brought where, how far, and what could not be. */
export function destinationsRoute(app: FastifyInstance, destinations: Destinations): void {
  const list = () => ({
    revision: destinations.revision,
    destinations: destinations.status.map(destinationView),
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/destinations',
    id: 'listDestinations',
    tag: 'data planes',
    summary: 'Where what is served is brought: xDS, DNS, mirrors and other platforms',
    role: 'viewer',
    query: z.strictObject({ watch: watchQuery }),
    answer: destinationListSchema,
    events: destinationListSchema,
    handle: ({ query: { watch } }, reply) =>
      watch === undefined ? list() : sendEvents(reply, (signal) => following(list, signal)),
  });
}

function destinationView({ name, kind, state, problems, leads }: DestinationStatus) {
  return {
    ...{ name, kind },
    state: leads === false ? ('standby' as const) : state.type,
    ...('revision' in state && { revision: state.revision }),
    ...(state.type === 'failing' && { since: timeView(state.since), message: state.message }),
    ...(leads !== undefined && { leads }),
    problems: [...problems]
      .map(([what, message]) => ({ what, message }))
      .sort((a, b) => (a.what < b.what ? -1 : 1)),
  };
}

async function* following(list: () => object, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  for (let told = ''; !signal.aborted; ) {
    const data = list();
    const text = JSON.stringify(data);
    if (text !== told) yield { event: 'state', data };
    told = text;
    await setTimeout(LOOK, undefined, { signal }).catch(() => {});
  }
}
