import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticator } from '../auth/authenticator.ts';
import { may } from '../auth/caller.ts';
import type { ApiConfig } from '../config/api-schema.ts';
import { isLoopback } from '../config/listen.ts';
import { isForeign } from './origins.ts';
import { isOwnHost, plainAddress } from './own-host.ts';
import { ApiError } from './problem.ts';
import { RateLimit } from './rate-limit.ts';

/** What those add who forward requests of others. */
const FORWARDING = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** What is let in. */
export interface GuardOptions {
  readonly config: ApiConfig;
  readonly authenticator: Authenticator;
}

/** Looks at each request before anything else does: for whom it is, who sends it, what they may. */
export function guard(app: FastifyInstance, { config, authenticator }: GuardOptions): void {
  const { listen, allowedHosts, allowedOrigins } = config;
  const limit = new RateLimit(config.limits);
  app.addHook('onRequest', async (request, reply) => {
    const { headers, socket, method } = request.raw;
    const own = { listen: listen.host, allowed: allowedHosts };
    if (!isOwnHost(headers.host, socket.localAddress ?? '', own))
      throw new ApiError(
        'wrong-host',
        `${JSON.stringify(headers.host ?? '')} is not this API's: name it in controlPlane.api.allowedHosts`,
      );
    const from = {
      ...{ method: method ?? '', host: headers.host, origin: headers.origin },
      site: text(headers['sec-fetch-site']),
      mode: text(headers['sec-fetch-mode']),
    };
    if (isForeign(from, allowedOrigins))
      throw new ApiError('cross-site', 'pages of other origins may not call this');
    if (from.origin !== undefined && allowedOrigins.includes(from.origin))
      void reply.headers({ 'access-control-allow-origin': from.origin, vary: 'Origin' });
    const wait = isLocal(request) ? 0 : limit.take(socket.remoteAddress ?? '', performance.now());
    if (wait > 0) {
      void reply.header('retry-after', String(wait));
      throw new ApiError('rate-limited', `too many requests: again in ${wait} s`);
    }
    await admit(request, authenticator);
  });
  if (allowedOrigins.length > 0) preflight(app);
}

async function admit(request: FastifyRequest, authenticator: Authenticator): Promise<void> {
  const { notes } = request.routeOptions.config;
  if (notes === undefined || notes.role === 'open') return;
  const local = isLocal(request);
  if (notes.openOnLoopback && local) return;
  const authorization = request.headers.authorization ?? consulToken(request);
  request.caller = await authenticator.callerOf({ authorization, local });
  if (!may(request.caller, notes.role))
    throw new ApiError('forbidden', `this takes the role "${notes.role}"`, { role: notes.role });
}

/** Clients of Consul send their token so. */
function consulToken({ headers }: FastifyRequest): string | undefined {
  const token = text(headers['x-consul-token']);
  return token ? `Bearer ${token}` : undefined;
}

/** It came over loopback, and is nobody else's. */
function isLocal({ raw: { socket, headers } }: FastifyRequest): boolean {
  const ends = [socket.localAddress, socket.remoteAddress];
  return (
    ends.every((address) => address !== undefined && isLoopback(plainAddress(address))) &&
    FORWARDING.every((name) => headers[name] === undefined)
  );
}

/** What browsers ask before they send requests of other origins. */
function preflight(app: FastifyInstance): void {
  app.options('/api/*', async (_request, reply) => {
    void reply.code(204).headers({
      'access-control-allow-methods': 'GET, PUT, POST, PATCH, DELETE',
      'access-control-allow-headers':
        'authorization, content-type, if-match, if-none-match, idempotency-key, last-event-id',
      'access-control-max-age': '600',
    });
  });
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
