import { randomUUID } from 'node:crypto';
import type { ForwardAction } from '../config/route-action.ts';
import type { OutgoingHead } from '../upstream/stream.ts';
import type { RequestHead } from './request-head.ts';

/** What the head that goes to the endpoint says beyond the client's. */
export interface HopFacts {
  /** Path and query before the route's rewrite. */
  readonly target: string;
  /** The client's address. */
  readonly remoteAddress: string;
  /** Appends that address to X-Forwarded-For. */
  readonly useRemoteAddress: boolean;
}

/** The head that goes to the endpoint. */
export function upstreamHead(
  head: RequestHead,
  action: ForwardAction,
  hop: HopFacts,
): OutgoingHead {
  const { prefixRewrite, hostRewrite } = action;
  let { target } = hop;
  if (prefixRewrite && target.startsWith(prefixRewrite.from)) {
    target = prefixRewrite.to + target.slice(prefixRewrite.from.length);
  }
  const proto = (hop.useRemoteAddress ? undefined : head.forwardedProto) ?? 'http';
  const fields = [
    ...head.fields,
    ...['x-forwarded-proto', proto, 'x-forwarded-host', head.forwardedHost ?? head.host],
    ...['x-request-id', head.requestId ?? randomUUID()],
  ];
  if (hop.useRemoteAddress) {
    const before = head.forwardedFor === undefined ? '' : `${head.forwardedFor}, `;
    fields.push('x-forwarded-for', `${before}${hop.remoteAddress}`);
  } else if (head.forwardedFor !== undefined) fields.push('x-forwarded-for', head.forwardedFor);
  return {
    method: head.method,
    target,
    authority: hostRewrite ?? head.host,
    scheme: proto === 'https' ? 'https' : 'http',
    fields,
    body: head.body,
    upgrade: head.upgrade,
    trailers: head.trailers,
  };
}
