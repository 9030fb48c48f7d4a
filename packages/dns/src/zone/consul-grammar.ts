import { isIPv4, isIPv6 } from 'node:net';
import { hasTag } from './consul-tag.ts';
import type { Grammar, Meaning } from './grammar.ts';
import { reverseName } from './reverse-name.ts';
import type { CatalogView, Named } from './zone.ts';

/** The mesh as a datacentre of Consul's. */
const DATACENTER = 'mesh';

/**
 * Names as Consul's DNS has them, for those who ask for them today:
 * ```
 * [<tag>.]<alias>.service              a service; of its instances those with a tag
 * _<alias>._<tag>[.service]            the same, by RFC 2782; the tag `tcp` stands for any
 * <address in hexadecimal>.addr        an address: what SRV records name
 * <address with dashes>.node           the same
 * ```
 * Behind `service`, `addr` and `node` there may be the datacentre: `.mesh`, or `.mesh.dc`.
 */
export const consulGrammar: Grammar = {
  nameserver: 'ns',
  endpoint: (_named, { address }) => `${hexadecimal(address)}.addr.${DATACENTER}`,
  read(name, view) {
    if (name === '') return { type: 'apex' };
    if (name === consulGrammar.nameserver) return { type: 'nameserver' };
    const labels = withoutDatacenter(name.split('.'));
    if (labels === undefined) return undefined;
    const kind = labels.at(-1);
    const before = labels.slice(0, -1);
    switch (kind) {
      case 'service':
        return before.length === 0 ? { type: 'inner' } : ofService(before, view);
      case 'addr':
        return ofAddress(before, fromHexadecimal(before[0] ?? ''), view);
      case 'node':
        return ofAddress(before, fromDashes(before[0] ?? ''), view);
      default:
        return labels.length >= 2 ? rfc2782(labels, view) : undefined;
    }
  },
};

/** Without what says the datacentre; undefined for another than this. */
function withoutDatacenter(labels: readonly string[]): readonly string[] | undefined {
  const at = labels.findLastIndex((label) => ['service', 'addr', 'node'].includes(label));
  const rest = labels.slice(at + 1);
  if (at === -1 || rest.length === 0) return labels;
  const [datacenter, suffix, ...more] = rest;
  const known = datacenter === DATACENTER && (suffix === undefined || suffix === 'dc');
  return known && more.length === 0 ? labels.slice(0, at + 1) : undefined;
}

function ofService(labels: readonly string[], view: CatalogView): Meaning | undefined {
  const underscored = labels.length >= 2 ? rfc2782(labels, view) : undefined;
  if (underscored !== undefined) return underscored;
  const whole = view.service(labels.join('.'));
  if (whole !== undefined) return { type: 'service', named: whole, part: { type: 'main' } };
  const [tag = '', ...rest] = labels;
  const named = view.service(rest.join('.'));
  if (named !== undefined) return tagged(named, tag);
  return view.isInner(labels.join('.')) ? { type: 'inner' } : undefined;
}

function rfc2782(labels: readonly string[], view: CatalogView): Meaning | undefined {
  const last = labels.at(-1) ?? '';
  const alias = labels.slice(0, -1).join('.');
  if (!alias.startsWith('_') || !last.startsWith('_')) return undefined;
  const named = view.service(alias.slice(1));
  const tag = last.slice(1);
  if (named === undefined) return undefined;
  return tag === 'tcp' ? { type: 'service', named, part: { type: 'main' } } : tagged(named, tag);
}

/** A tag that nobody has is no name. */
function tagged(named: Named, tag: string): Meaning | undefined {
  if (!named.service.endpoints.some((endpoint) => hasTag(endpoint, tag))) return undefined;
  return { type: 'service', named, part: { type: 'tag', tag } };
}

/** Of an address where an endpoint is, and of none else. */
function ofAddress(
  labels: readonly string[],
  address: string | undefined,
  view: CatalogView,
): Meaning | undefined {
  if (labels.length === 0) return { type: 'inner' };
  if (labels.length > 1 || address === undefined) return undefined;
  const reverse = reverseName(address);
  const [found] = reverse === undefined ? [] : view.at(reverse);
  return found && { type: 'address', address: found.endpoint.address };
}

function hexadecimal(address: string): string {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number)).toString('hex');
  // Its digits, from the last one on, are what stands before `ip6.arpa`.
  const digits = reverseName(address)?.split('.').slice(0, -2) ?? [];
  return digits.reverse().join('');
}

function fromHexadecimal(text: string): string | undefined {
  if (/^[0-9a-f]{8}$/.test(text)) return [...Buffer.from(text, 'hex')].join('.');
  return /^[0-9a-f]{32}$/.test(text) ? text.match(/.{4}/g)?.join(':') : undefined;
}

function fromDashes(text: string): string | undefined {
  const four = text.replaceAll('-', '.');
  if (isIPv4(four)) return four;
  const six = text.replaceAll('-', ':');
  return isIPv6(six) ? six : undefined;
}
