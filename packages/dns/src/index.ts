export { DnsError, type DnsErrorCode } from './dns-error.ts';
export {
  type HaproxyOptions,
  type HaproxyService,
  haproxyConfig,
} from './haproxy/haproxy-config.ts';
export type { Logger } from './logger.ts';
export { type DnsServer, type DnsServerOptions, startDnsServer } from './server/dns-server.ts';
export type { HostPort } from './server/forwarder.ts';
export type { ClientPlace } from './server/places.ts';
export type { DnsObserver } from './server/responder.ts';
