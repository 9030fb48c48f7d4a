import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../auth/caller.ts';
import { digestOf } from '../idempotency/answer-record.ts';
import type { AnswerStore } from '../idempotency/answer-store.ts';
import { ApiError } from './problem.ts';
import { problemOf } from './problem-of.ts';

declare module 'fastify' {
  interface FastifyInstance {
    readonly answers: AnswerStore;
  }
}

/** What a key may be. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

/** How long ZooKeeper has to answer, in milliseconds. */
const TIMEOUT = 15_000;

/**
 * Does what a request asks, once for its `Idempotency-Key`: who comes again with the key, at whichever
 * replica, gets what was answered then. Without a key it is done each time.
 */
export async function once(
  raw: FastifyRequest,
  reply: FastifyReply,
  caller: Caller,
  act: () => unknown,
): Promise<unknown> {
  const given = raw.headers['idempotency-key'];
  if (given === undefined) return act();
  const text = String(given); // its schema has looked at it
  const { answers } = raw.server;
  const key = digestOf(caller.kind, caller.name, text);
  const request = digestOf(raw.method, raw.url, raw.body ?? null);
  const claim = await answers.claim(key, request, AbortSignal.timeout(TIMEOUT));
  switch (claim.type) {
    case 'answered':
      void reply.code(claim.status).header('idempotency-replayed', 'true');
      return claim.body;
    case 'other-request':
      throw new ApiError('idempotency-key-reused', 'the key was used for another request');
    case 'unknown':
      throw new ApiError(
        'outcome-unknown',
        'a request with this key has begun, and what came of it is not known: look, and use another key',
      );
    case 'claimed':
      return kept(answers, key, request, reply, act);
  }
}

async function kept(
  answers: AnswerStore,
  key: string,
  request: string,
  reply: FastifyReply,
  act: () => unknown,
): Promise<unknown> {
  const signal = () => AbortSignal.timeout(TIMEOUT);
  try {
    const body = await act();
    // It is done: that its answer can't be kept is nothing to fail for.
    await answers.done(key, { request, status: reply.statusCode, body }, signal()).catch(() => {});
    return body;
  } catch (error) {
    // What was refused was not done. Of what has failed that is not known.
    if (problemOf(error).status < 500) await answers.release(key, signal()).catch(() => {});
    throw error;
  }
}
