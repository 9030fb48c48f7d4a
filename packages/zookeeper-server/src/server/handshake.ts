import { randomBytes } from 'node:crypto';
import type { ConnectRequest, ConnectResponse } from '@meshkeeper/jute';
import type { SessionTable } from '../sessions/session-table.ts';

const PASSWORD_BYTES = 16;

/** What becomes of a connect request. */
export type Greeting =
  /** The client knows transactions that this server doesn't: it has to go elsewhere. */
  | { readonly kind: 'ahead'; readonly seen: bigint }
  | { readonly kind: 'new'; readonly timeout: number; readonly password: Buffer }
  | {
      readonly kind: 'resumed';
      readonly sessionId: bigint;
      readonly timeout: number;
      readonly password: Buffer;
    }
  /** No such session, or not with this password. */
  | { readonly kind: 'gone' };

/** Session timeouts that are granted, in milliseconds. */
export interface TimeoutRange {
  readonly minSessionTimeout: number;
  readonly maxSessionTimeout: number;
}

/** Decides about a connect request. */
export function greet(
  request: ConnectRequest,
  state: { readonly lastZxid: bigint; readonly sessions: SessionTable },
  range: TimeoutRange,
): Greeting {
  if (request.lastZxidSeen > state.lastZxid) return { kind: 'ahead', seen: request.lastZxidSeen };
  const asked = Math.max(request.timeout, range.minSessionTimeout);
  const timeout = Math.min(asked, range.maxSessionTimeout);
  const { sessionId } = request;
  if (sessionId === 0n) return { kind: 'new', timeout, password: randomBytes(PASSWORD_BYTES) };
  const session = state.sessions.authenticate(sessionId, request.password);
  if (session === undefined) return { kind: 'gone' };
  return { kind: 'resumed', sessionId, timeout, password: session.password };
}

/** The reply; a client that left `readOnly` out is answered without it. */
export function connectResponseFor(
  request: ConnectRequest,
  session: { sessionId: bigint; timeout: number; password: Buffer } | undefined,
): ConnectResponse {
  const readOnly = request.readOnly === undefined ? undefined : false;
  const granted = session ?? { sessionId: 0n, timeout: 0, password: Buffer.alloc(PASSWORD_BYTES) };
  return { protocolVersion: 0, ...granted, readOnly };
}
