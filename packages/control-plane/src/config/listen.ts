import { isIP } from 'node:net';
import { formatHostPort, type HostPort, parseHostPort } from '@meshkeeper/xds';
import { z } from 'zod';

/** `host:port`, an IPv6 address in brackets; port 0 takes a free one. */
export const listenAddress = z.string().transform((text, context): HostPort => {
  const parsed = parse(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no address: write 127.0.0.1:7070` });
  return z.NEVER;
});

function parse(text: string): HostPort | undefined {
  try {
    return parseHostPort(text);
  } catch {
    return undefined;
  }
}

/** True for addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

export { formatHostPort, type HostPort };
