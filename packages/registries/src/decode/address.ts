import { isIP } from 'node:net';

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?$/i;

/** True for an IP address, with a zone or without, and for a host name. */
export function isHost(address: unknown): address is string {
  return typeof address === 'string' && (isIP(address) !== 0 || HOST_NAME.test(address));
}

export function isPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
}

/** An address as others reach it: the zone of an IPv6 address says something on its own host only. */
export function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}

/** A host and a port in one text, an IPv6 address in brackets. */
export function addressKey(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
