import type { HashKey } from '@meshkeeper/mesh';
import { duration } from '../../codec/duration.ts';
import type { HashPolicy } from '../../codec/messages.ts';
import type { Flavour } from '../flavour.ts';
import type { Destination } from './route-context.ts';

/**
 * What of a request is hashed for destinations that are chosen so. The first that a request has ends
 * the list: Envoy would put all of them together.
 */
export function hashPolicies(targets: readonly Destination[], flavour: Flavour): HashPolicy[] {
  const found = targets.find(({ settings }) => settings?.balancing && 'hash' in settings.balancing);
  const balancing = found?.settings?.balancing;
  if (balancing === undefined || !('hash' in balancing)) return [];
  return balancing.hash
    .filter(({ on }) => flavour === 'envoy' || on === 'header')
    .map((key) => ({ ...hashPolicy(key), terminal: true }));
}

function hashPolicy(key: HashKey): HashPolicy {
  switch (key.on) {
    case 'header':
      return { header: { headerName: key.name } };
    case 'query':
      return { queryParameter: { name: key.name } };
    case 'source-address':
      return { connectionProperties: { sourceIp: true } };
    case 'cookie':
      return {
        cookie: {
          name: key.name,
          path: key.path,
          ...(key.ttl === undefined ? {} : { ttl: duration(key.ttl) }),
        },
      };
  }
}
