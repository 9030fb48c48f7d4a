import { randomUUID } from 'node:crypto';
import type { ForwardAction } from '../config/route-action.ts';
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

/** The head that goes to the endpoint, its empty line included; latin1. */
export function upstreamHead(head: RequestHead, action: ForwardAction, hop: HopFacts): string {
  const { prefixRewrite, hostRewrite } = action;
  let { target } = hop;
  if (prefixRewrite && target.startsWith(prefixRewrite.from)) {
    target = prefixRewrite.to + target.slice(prefixRewrite.from.length);
  }
  const host = hostRewrite ?? head.host;
  const id = head.requestId ?? randomUUID();
  let text = `${head.method} ${target} HTTP/1.1\r\nhost: ${host}\r\n${head.lines}`;
  text += `x-forwarded-proto: ${(hop.useRemoteAddress ? undefined : head.forwardedProto) ?? 'http'}\r\n`;
  text += `x-forwarded-host: ${head.forwardedHost ?? head.host}\r\nx-request-id: ${id}\r\n`;
  if (hop.useRemoteAddress) {
    const before = head.forwardedFor === undefined ? '' : `${head.forwardedFor}, `;
    text += `x-forwarded-for: ${before}${hop.remoteAddress}\r\n`;
  } else if (head.forwardedFor !== undefined) {
    text += `x-forwarded-for: ${head.forwardedFor}\r\n`;
  }
  if (head.body.type === 'length') text += `content-length: ${head.body.length}\r\n`;
  else if (head.body.type === 'chunked') text += 'transfer-encoding: chunked\r\n';
  if (head.upgrade !== undefined) text += `connection: upgrade\r\nupgrade: ${head.upgrade}\r\n`;
  else if (head.trailers) text += 'te: trailers\r\nconnection: te\r\n';
  return `${text}\r\n`;
}
