import type { FastifyInstance } from 'fastify';
import type { Mirrors } from '../mirrors/mirrors.ts';
import { route } from './route.ts';
import { mirrorListSchema } from './schemas/control-plane-schemas.ts';

/** What is mirrored into which tree, by this replica or by another, and what could not be. */
export function mirrorsRoute(app: FastifyInstance, mirrors: Mirrors): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/mirrors',
    id: 'listMirrors',
    tag: 'catalog',
    summary: "What is published into other dialects' trees, and what could not be",
    role: 'viewer',
    answer: mirrorListSchema,
    handle: () => ({
      mirrors: mirrors.status.map(({ rule: { name, from, to }, root, problems, ...status }) => ({
        ...{ name, from },
        to: { ...to, root },
        ...status,
        problems: problems.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      })),
    }),
  });
}

function keyOf({ service, endpoint }: { readonly service: string; readonly endpoint: string }) {
  return `${service} ${endpoint}`;
}
