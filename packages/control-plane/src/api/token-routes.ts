import { isZooKeeperError } from '@meshkeeper/zookeeper';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { writtenBy } from '../auth/caller.ts';
import { type StoredToken, tokenName } from '../auth/token.ts';
import type { TokenStore } from '../auth/token-store.ts';
import { pageOf, pageQuery } from './page.ts';
import { ApiError } from './problem.ts';
import { timeView } from './proxy-views.ts';
import { NO_CONTENT, route } from './route.ts';
import {
  callerSchema,
  createdTokenSchema,
  newTokenBody,
  tokenListSchema,
} from './schemas/token-schemas.ts';

/** How long ZooKeeper has to answer, in milliseconds. */
const TIMEOUT = 5_000;

/** The tokens by which callers are known. */
export function tokenRoutes(app: FastifyInstance, tokens: TokenStore): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/tokens',
    id: 'listTokens',
    tag: 'control plane',
    summary: 'The tokens there are, without what they are',
    role: 'admin',
    query: z.strictObject(pageQuery),
    answer: tokenListSchema,
    async handle({ query, raw }, reply) {
      const list = await tokens.list(AbortSignal.timeout(TIMEOUT));
      const { items, ...next } = pageOf(list, ({ name }) => name, query, raw, reply);
      return { tokens: items.map(tokenView), ...next };
    },
  });
  route(app, {
    method: 'POST',
    path: '/api/v1/tokens',
    id: 'createToken',
    keyed: false,
    tag: 'control plane',
    summary: 'Make a token; it is shown this once',
    role: 'admin',
    body: newTokenBody,
    bodyExample: { name: 'ci', roles: ['publisher'], expiresIn: '720h' },
    answer: createdTokenSchema,
    status: 201,
    problems: ['conflict'],
    async handle({ body: { name, roles, expiresIn }, caller }) {
      const expiresAt = expiresIn === undefined ? undefined : Date.now() + expiresIn;
      const signal = AbortSignal.timeout(TIMEOUT);
      try {
        const by = writtenBy(caller);
        const { token, stored } = await tokens.create({ name, roles, expiresAt, by }, signal);
        return { ...tokenView(stored), token };
      } catch (error) {
        if (!isZooKeeperError(error, 'NODE_EXISTS')) throw error;
        throw new ApiError(
          'conflict',
          `there is a token called "${name}": revoke it first, or choose another name`,
        );
      }
    },
  });
  route(app, {
    method: 'DELETE',
    path: '/api/v1/tokens/:name',
    id: 'revokeToken',
    tag: 'control plane',
    summary: 'Take a token back, at once',
    role: 'admin',
    params: z.strictObject({ name: tokenName }),
    answer: NO_CONTENT,
    problems: ['unknown-token'],
    async handle({ params: { name } }) {
      if (await tokens.revoke(name, AbortSignal.timeout(TIMEOUT))) return undefined;
      throw new ApiError('unknown-token', `no token is called "${name}"`);
    },
  });
  route(app, {
    method: 'GET',
    path: '/api/v1/caller',
    id: 'getCaller',
    tag: 'control plane',
    summary: 'Who calls, and with which roles',
    role: 'viewer',
    answer: callerSchema,
    handle: ({ caller: { kind, name, roles } }) => ({ kind, name, roles }),
  });
}

function tokenView({ name, roles, createdAt, createdBy, expiresAt }: StoredToken) {
  return {
    ...{ name, roles, createdAt: timeView(createdAt), createdBy },
    ...(expiresAt !== undefined && { expiresAt: timeView(expiresAt) }),
    expired: expiresAt !== undefined && expiresAt <= Date.now(),
  };
}
