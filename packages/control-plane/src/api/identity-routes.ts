import type { FastifyInstance } from 'fastify';
import { writtenBy } from '../auth/caller.ts';
import type { Identity } from '../identity/identity.ts';
import { tagged } from './config-errors.ts';
import { authorityRoutes } from './identity-authority-routes.ts';
import { certified, matchedVersion } from './identity-errors.ts';
import { certificateView, trustedIds } from './identity-views.ts';
import { linkNext } from './page.ts';
import { route } from './route.ts';
import {
  certificateListSchema,
  certificateParams,
  certificateQuery,
  certificateSchema,
  issueBody,
  issuedSchema,
  revokeBody,
} from './schemas/identity-schemas.ts';

/** How long ZooKeeper may take before the API says that it is away, in milliseconds. */
const PATIENCE = 15_000;

const EXAMPLE = {
  ...{ serial: '4d00079c50394cbd29508a04f2cfe1e5d6', service: 'orders' },
  ...{ spiffeId: 'spiffe://mesh/service/orders', dnsNames: ['orders', 'orders.mesh'] },
  ...{ authority: '3547f1aa03df2fbd', issuedBy: 'token:ci', state: 'valid' as const },
  ...{ notBefore: '2026-11-23T09:55:00.000Z', notAfter: '2026-11-24T10:00:00.000Z' },
  issuedAt: '2026-11-23T10:00:00.000Z',
};

/** Certificates of services, and the authorities that sign them. */
export function identityRoutes(app: FastifyInstance, identity: Identity): void {
  certificateRoutes(app, identity);
  authorityRoutes(app, identity);
}

function certificateRoutes(app: FastifyInstance, identity: Identity): void {
  const folder = '/api/v1/identity/certificates';
  route(app, {
    method: 'POST',
    path: folder,
    id: 'issueCertificate',
    tag: 'identity',
    summary: 'Certify who a service is',
    description:
      'By a request that is signed with the key that it is for: that key stays where it was made. The first certificate makes the authority.',
    role: 'operator',
    body: issueBody,
    bodyExample: { service: 'orders', csr: '-----BEGIN CERTIFICATE REQUEST-----…', ttl: '24h' },
    answer: issuedSchema,
    status: 201,
    problems: [
      ...(['invalid-certificate-request', 'conflict', 'too-many-certificates'] as const),
      ...(['no-secret-key', 'zookeeper-unavailable'] as const),
    ],
    handle: ({ body: { service, csr, ttl }, caller, raw }, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        raw.about = { service };
        const authority = await identity.authority();
        const asked = { service, csr, ttl, by: writtenBy(caller) };
        const { certificate, chain, bundle } = await authority.issue(asked, identity.names, signal);
        const { serial, version } = certificate;
        raw.about = { service, serial };
        tagged(reply, String(version));
        const trusted = new Set([certificate.authority]);
        const view = certificateView(certificate, trusted, Date.now());
        return { ...view, certificate: chain, bundle };
      }),
  });
  route(app, {
    method: 'GET',
    path: folder,
    id: 'listCertificates',
    tag: 'identity',
    summary: 'The certificates that were issued, those first that expire first',
    description: 'Of those that have expired there are some of the last hour.',
    role: 'viewer',
    query: certificateQuery,
    answer: certificateListSchema,
    example: { certificates: [EXAMPLE] },
    problems: ['zookeeper-unavailable', 'conflict'],
    handle: ({ query: { service, limit, cursor }, raw }, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        const authority = await identity.authority();
        const trusted = trustedIds(await authority.authorities(signal));
        const page = { service, after: cursor, limit: limit + 1 };
        const found = await authority.list(page, signal);
        const shown = found.slice(0, limit);
        const next = found.length > limit ? shown.at(-1)?.serial : undefined;
        if (next !== undefined) linkNext(raw, reply, next);
        return {
          certificates: shown.map((each) => certificateView(each, trusted, Date.now())),
          ...(next !== undefined && { next }),
        };
      }),
  });
  route(app, {
    method: 'GET',
    path: `${folder}/:serial`,
    id: 'getCertificate',
    tag: 'identity',
    summary: 'A certificate that was issued',
    role: 'viewer',
    params: certificateParams,
    answer: certificateSchema,
    example: EXAMPLE,
    problems: ['unknown-certificate', 'zookeeper-unavailable', 'conflict'],
    handle: ({ params: { serial } }, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        const authority = await identity.authority();
        const found = await authority.find(serial, signal);
        tagged(reply, String(found.version));
        const trusted = trustedIds(await authority.authorities(signal));
        return certificateView(found, trusted, Date.now());
      }),
  });
  route(app, {
    method: 'POST',
    path: `${folder}/:serial/revoke`,
    id: 'revokeCertificate',
    ifMatch: 'optional',
    tag: 'identity',
    summary: 'Have a certificate count no more',
    description:
      'For those who look at the list of what was revoked. One that was revoked before stays as it was.',
    role: 'operator',
    params: certificateParams,
    body: revokeBody,
    bodyExample: { reason: 'key-compromise' },
    answer: certificateSchema,
    problems: [
      ...(['unknown-certificate', 'precondition-failed', 'too-many-certificates'] as const),
      ...(['zookeeper-unavailable', 'conflict'] as const),
    ],
    handle: ({ params: { serial }, body: { reason }, caller, raw }, reply) =>
      certified(async () => {
        const signal = AbortSignal.timeout(PATIENCE);
        raw.about = { reason };
        const authority = await identity.authority();
        const change = { reason, by: writtenBy(caller), version: matchedVersion(raw) };
        const revoked = await authority.revoke(serial, change, signal);
        tagged(reply, String(revoked.version));
        return certificateView(revoked, new Set(), Date.now());
      }),
  });
}
