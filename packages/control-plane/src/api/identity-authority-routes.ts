import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { writtenBy } from '../auth/caller.ts';
import type { Identity } from '../identity/identity.ts';
import { tagged } from './config-errors.ts';
import { certified, matchedVersion } from './identity-errors.ts';
import { authoritiesView } from './identity-views.ts';
import { isKnown } from './preconditions.ts';
import type { ApiErrorCode } from './problem.ts';
import { route } from './route.ts';
import { authorityListSchema, authorityParams } from './schemas/identity-schemas.ts';

/** How long ZooKeeper may take before the API says that it is away, in milliseconds. */
const PATIENCE = 15_000;
/** What several certificates, or lists, come as (RFC 7468). */
const PEM = 'application/x-pem-file';

const CHANGES: readonly ApiErrorCode[] = [
  ...(['conflict', 'precondition-failed', 'no-secret-key', 'zookeeper-unavailable'] as const),
];

/** The authorities that sign certificates: who is trusted, and what they have taken back. */
export function authorityRoutes(app: FastifyInstance, identity: Identity): void {
  const folder = '/api/v1/identity';
  route(app, {
    method: 'GET',
    path: `${folder}/authorities`,
    id: 'listAuthorities',
    tag: 'identity',
    summary: 'Whom the mesh trusts to say who services are',
    role: 'viewer',
    answer: authorityListSchema,
    problems: ['unknown-authority', 'conflict', 'zookeeper-unavailable'],
    handle: (_request, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        const authority = await identity.authority();
        const trust = await authority.trust(signal);
        tagged(reply, String(trust.version));
        return authoritiesView(trust, await authority.unexpired(signal));
      }, 'unknown-authority'),
  });
  route(app, {
    method: 'POST',
    path: `${folder}/authorities`,
    id: 'rotateAuthority',
    ifMatch: 'optional',
    tag: 'identity',
    summary: 'Have another authority sign from now on',
    description:
      'The one that did is trusted until the last of its certificates has expired, or it is retired. It vouches for the new one, so that who has only the old bundle believes both.',
    role: 'admin',
    answer: authorityListSchema,
    status: 201,
    problems: CHANGES,
    handle: ({ caller, raw }, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        const authority = await identity.authority();
        const change = { by: writtenBy(caller), version: matchedVersion(raw) };
        const trust = await authority.rotate(change, signal);
        raw.about = { authority: trust.authorities[0].id };
        tagged(reply, String(trust.version));
        return authoritiesView(trust, await authority.unexpired(signal));
      }, 'unknown-authority'),
  });
  route(app, {
    method: 'DELETE',
    path: `${folder}/authorities/:authority`,
    id: 'retireAuthority',
    ifMatch: 'optional',
    tag: 'identity',
    summary: 'Trust an authority no more that was rotated out',
    description: 'Its certificates are refused by who has the new bundle; its key is gone.',
    role: 'admin',
    params: authorityParams,
    answer: authorityListSchema,
    problems: [...CHANGES, 'unknown-authority'],
    handle: ({ params, caller, raw }, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        const authority = await identity.authority();
        const change = { by: writtenBy(caller), version: matchedVersion(raw) };
        const trust = await authority.retire(params.authority, change, signal);
        tagged(reply, String(trust.version));
        return authoritiesView(trust, await authority.unexpired(signal));
      }, 'unknown-authority'),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/bundle`,
    id: 'getTrustBundle',
    tag: 'identity',
    summary: 'The certificates of the authorities to trust',
    role: 'viewer',
    answer: z.string().describe('PEM, one after the other.'),
    type: PEM,
    unchanged: true,
    problems: ['unknown-authority', 'conflict', 'zookeeper-unavailable'],
    handle: ({ raw }, reply) =>
      certified(async () => {
        const authority = await identity.authority();
        return sendPem(raw, reply, await authority.bundle(AbortSignal.timeout(PATIENCE)));
      }, 'unknown-authority'),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/crl`,
    id: 'getRevocationLists',
    tag: 'identity',
    summary: 'What was revoked and has not expired: a list of each authority',
    description:
      'Signed when something has changed, or half of its time has passed. What was revoked just now is in it.',
    role: 'viewer',
    answer: z.string().describe('PEM, one after the other.'),
    type: PEM,
    unchanged: true,
    problems: ['unknown-authority', 'conflict', 'no-secret-key', 'zookeeper-unavailable'],
    handle: ({ raw }, reply) =>
      certified(async () => {
        const authority = await identity.authority();
        return sendPem(raw, reply, await authority.revocationLists(AbortSignal.timeout(PATIENCE)));
      }, 'unknown-authority'),
  });
}

function sendPem(raw: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  void reply.header('etag', etag);
  if (isKnown(raw, etag)) return reply.code(304).send();
  return reply.type(PEM).send(text);
}
