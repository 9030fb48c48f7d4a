import type { FastifyInstance } from 'fastify';
import type { Mirrors } from '../mirrors/mirrors.ts';

/** What is mirrored into which tree, by this replica or by another, and what could not be. */
export function mirrorsRoute(app: FastifyInstance, mirrors: Mirrors): void {
  app.get('/api/v1/mirrors', () => ({
    mirrors: mirrors.status.map(({ rule: { name, from, to }, root, problems, ...status }) => ({
      ...{ name, from },
      to: { ...to, root },
      ...status,
      problems: problems.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    })),
  }));
}

function keyOf({ service, endpoint }: { readonly service: string; readonly endpoint: string }) {
  return `${service} ${endpoint}`;
}
