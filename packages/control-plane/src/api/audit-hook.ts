import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { AuditLog } from '../audit/audit-log.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What it is done to, where neither the path nor the query says it. */
    about?: Readonly<Record<string, string>>;
  }
}

/** What of a path or a query is kept, in characters. */
const LONG = 300;

/** Has every write recorded: what was done, and what was refused to those who are known. */
export function auditWrites(app: FastifyInstance, audit: Pick<AuditLog, 'append'>): void {
  app.addHook('onResponse', async (request, reply) => {
    const { notes } = request.routeOptions.config;
    const { caller, method } = request;
    if (notes === undefined || caller === undefined || method === 'GET' || method === 'HEAD')
      return;
    const { statusCode: status } = reply;
    // What is done over and over is told by its first: keeping something alive changes nothing.
    if (!notes.audited && status < 400) return;
    audit.append({
      ...{ id: randomUUID(), at: Date.now(), kind: caller.kind, by: caller.name },
      ...{ action: notes.id, target: targetOf(request.params, request.query, request.about) },
      ...{ outcome: outcomeOf(status), status },
    });
  });
}

function outcomeOf(status: number): AuditEntry['outcome'] {
  if (status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'done';
}

function targetOf(...parts: readonly unknown[]): Record<string, string> {
  const target: Record<string, string> = {};
  for (const part of parts)
    for (const [name, value] of Object.entries(part ?? {}))
      if (value !== undefined) target[name] = String(value).slice(0, LONG);
  return target;
}
