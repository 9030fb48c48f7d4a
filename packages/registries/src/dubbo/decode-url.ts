import type { Problem } from '@meshkeeper/mesh';
import { isHost, isPort, withoutZone } from '../decode/address.ts';
import { shown } from '../decode/json.ts';
import { MAX_DATA, problem } from '../decode/problem.ts';
import type { Decoded, ReadingOptions } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { endpointOf, type Offer, originOf, sinceOf } from './offer.ts';
import { nameOf, type ServiceKey } from './service-key.ts';
import { type DubboUrl, parseUrl, withoutBrackets } from './url.ts';
import { decode } from './url-encoding.ts';

/** Protocols of URLs that are no provider's, wherever they stand. */
const NO_PROVIDER = new Set([
  'override',
  'route',
  'condition',
  'script',
  'tag',
  'consumer',
  'empty',
  'absent',
]);

/** Lists the other protocols that a provider speaks at the same port. */
const EXTRA = 'ext.protocol';

/** What a znode among an interface's providers is. */
export type DecodedUrl =
  | { readonly type: 'offers'; readonly offers: readonly Offer[] }
  | Exclude<Decoded, { type: 'instance' }>;

/** Reads a provider's URL, which is its znode's name; the data says nothing. Never throws. */
export function decodeUrl(
  { registry, locality }: Pick<ReadingOptions, 'registry' | 'locality'>,
  iface: string,
  name: string,
  node: ZNode,
): DecodedUrl {
  const { path } = node;
  const no = (code: Problem['code'], message: string) => problem(path, code, message);
  if (name.length > MAX_DATA)
    return no('too-large', `a name of ${name.length} characters; a URL has at most ${MAX_DATA}`);
  const text = decode(name);
  const url = text === undefined ? undefined : parseUrl(text);
  if (url === undefined) return no('malformed', 'its name is no URL');
  if (NO_PROVIDER.has(url.protocol)) return { type: 'other' };
  const { protocol, port, parameters } = url;
  const key = serviceOf(url);
  if (key.interface !== iface)
    return no('malformed', `it provides ${shown(key.interface)}, but stands below ${shown(iface)}`);
  const written = withoutBrackets(url.host);
  if (!isHost(written))
    return no('bad-address', `its host is ${shown(written)}, no host name or IP`);
  if (!isPort(port)) return no('bad-address', `its port is ${shown(port)}, no port`);
  const host = withoutZone(written);
  const since = sinceOf(parameters);
  const origin = originOf(registry, node);
  const offer = (protocol: string, extra: boolean): Offer => ({
    service: nameOf(key),
    protocol,
    extra,
    level: 'interface',
    application: parameters.get('application') ?? '',
    since,
    endpoint: endpointOf({
      ...{ protocol, host, port, path: url.path, since },
      ...{ parameters, locality, origin },
    }),
  });
  const others = (parameters.get(EXTRA) ?? '').split(',').filter((other) => other !== '');
  const offers = new Set(others).difference(new Set([protocol]));
  return {
    type: 'offers',
    offers: [offer(protocol, false), ...[...offers].map((other) => offer(other, true))],
  };
}

/** Which service a URL is of. */
export function serviceOf({ path, parameters }: DubboUrl): ServiceKey {
  return {
    interface: parameters.get('interface') || path,
    version: parameters.get('version') ?? '',
    group: parameters.get('group') ?? '',
  };
}
