import type { EndpointCondition, PolicyOrigin } from '@meshkeeper/mesh';
import { dubboKeyOf, type ServiceKey } from '../service-key.ts';
import { type DubboUrl, parseUrl } from '../url.ts';
import { flag, type Mapping, mappingOf, member, scalar, scalars } from './document.ts';
import { type Override, type OverrideMatch, overridesOf } from './override.ts';
import { ANY_HOST, addressMatch, listMatch, stringMatch } from './pattern.ts';
import type { RuleTarget } from './raw-rule.ts';
import { RuleError } from './rule-error.ts';

/**
 * The overrides of a node `<key>.configurators`: Dubbo's `ConfigParser`. What is wrong with one of
 * its parts makes the whole of it nothing, as there.
 * @throws RuleError
 */
export function configurators(
  content: unknown,
  target: RuleTarget,
  origin: PolicyOrigin,
): readonly Override[] {
  if (Array.isArray(content)) return ofUrls(content, target, origin);
  const rule = mappingOf(content);
  if (rule === undefined) throw new RuleError('it is no mapping');
  const scope = scalar(member(rule, 'scope')) === 'application' ? 'application' : 'service';
  if (scope !== target.type)
    throw new RuleError(`its scope is ${scope}, but it stands at the key of ${nounOf(target)}`);
  const expected = target.type === 'application' ? target.application : dubboKeyOf(target.service);
  const key = scalar(member(rule, 'key'));
  if (key !== expected)
    throw new RuleError(`its key is ${key ?? 'missing'}, but Dubbo looks for ${expected} here`);
  const items = member(rule, 'configs');
  if (!Array.isArray(items)) throw new RuleError('it has no configs');
  return items.flatMap((each) => {
    const item = mappingOf(each);
    if (item === undefined) throw new RuleError('one of its configs is no mapping');
    return ofItem(item, rule, target, origin);
  });
}

function ofItem(
  item: Mapping,
  rule: Mapping,
  target: RuleTarget,
  origin: PolicyOrigin,
): readonly Override[] {
  const side = scalar(member(item, 'side'));
  const given = mappingOf(member(item, 'parameters'));
  if (given === undefined || Object.keys(given).length === 0)
    throw new RuleError('one of its configs has no parameters');
  const type = scalar(member(item, 'type')) ?? 'general';
  const enabled = flag(member(type === 'general' ? rule : item, 'enabled'), type === 'general');
  const addresses = listOr(scalars(member(item, 'addresses')), [ANY_HOST]);
  const providers = listOr(
    scalars(member(item, 'providerAddresses')),
    side === 'provider' ? addresses : [],
  );
  const parameters = new Map<string, string>();
  if (side !== undefined) parameters.set('side', side);
  for (const [name, value] of Object.entries(given)) parameters.set(name, scalar(value) ?? '');
  if (providers.length > 0) parameters.set('providerAddresses', providers.join(','));
  parameters.set('enabled', String(enabled));
  const version = scalar(member(rule, 'configVersion')) ?? 'null';
  parameters.set('configVersion', version);
  const match = version.startsWith('v3.0') ? matchOf(member(item, 'match')) : undefined;
  const url = (address: string, more: ReadonlyMap<string, string>, key: ServiceKey | undefined) =>
    overridesOf(urlOf(address, new Map([...parameters, ...more]), key), target.type, origin, match);
  return addresses.flatMap((address) => {
    if (target.type === 'application') {
      const application = new Map([['application', target.application]]);
      return listOr(scalars(member(item, 'services')), ['*']).flatMap((service) =>
        url(address, application, keyIn(service)),
      );
    }
    const applications = scalars(member(item, 'applications')) ?? [];
    if (applications.length === 0) return url(address, new Map(), target.service);
    return applications.flatMap((application) =>
      url(address, new Map([['application', application]]), target.service),
    );
  });
}

/** `["override://…"]`, which versions before 2.7 left. */
function ofUrls(
  urls: readonly unknown[],
  target: RuleTarget,
  origin: PolicyOrigin,
): readonly Override[] {
  return urls.flatMap((text) => {
    const url = typeof text === 'string' ? parseUrl(text) : undefined;
    if (url === undefined) throw new RuleError('one of its URLs is none');
    return overridesOf(url, target.type, origin);
  });
}

function urlOf(
  address: string,
  parameters: Map<string, string>,
  key: ServiceKey | undefined,
): DubboUrl {
  const url = parseUrl(`override://${address}/`);
  if (url === undefined) throw new RuleError(`${address} is no address`);
  if (key?.group) parameters.set('group', key.group);
  if (key?.version) parameters.set('version', key.version);
  return { ...url, path: key?.interface ?? '*', parameters };
}

/** `group/interface:version`. */
function keyIn(text: string): ServiceKey {
  const slash = text.indexOf('/');
  const group = slash > 0 ? text.slice(0, slash) : '';
  const rest = slash > 0 ? text.slice(slash + 1) : text;
  const colon = rest.indexOf(':');
  if (rest === '') throw new RuleError('one of its services has no name');
  return colon > 0
    ? { interface: rest.slice(0, colon), version: rest.slice(colon + 1), group }
    : { interface: rest, version: '', group };
}

function matchOf(value: unknown): OverrideMatch | undefined {
  if (value === undefined) return undefined;
  const match = mappingOf(value);
  if (match === undefined) throw new RuleError('a match that is no mapping');
  const part = <T>(name: string, read: (mapping: Mapping) => T): T | undefined => {
    const stated = member(match, name);
    if (stated === undefined) return undefined;
    const mapping = mappingOf(stated);
    if (mapping === undefined) throw new RuleError(`${name} of a match is no mapping`);
    return read(mapping);
  };
  const [address, providerAddress] = [
    part('address', addressMatch),
    part('providerAddress', addressMatch),
  ];
  const [service, application] = [part('service', listMatch), part('app', listMatch)];
  const list = member(match, 'param') ?? [];
  if (!Array.isArray(list)) throw new RuleError('param of a match is no list');
  return {
    ...(address && { address }),
    ...(providerAddress && { providerAddress }),
    ...(service && { service }),
    ...(application && { application }),
    parameters: list.map(parameterMatch),
  };
}

/** `{ key, value: { exact: … } }`, of a provider's parameters. */
export function parameterMatch(value: unknown): EndpointCondition {
  const match = mappingOf(value);
  const key = match && scalar(member(match, 'key'));
  const wanted = match && mappingOf(member(match, 'value'));
  if (key === undefined || wanted === undefined)
    throw new RuleError('a match of parameters needs a key and a value');
  return { of: { type: 'metadata', key }, any: [stringMatch(wanted)], none: [] };
}

function listOr(list: readonly string[] | undefined, otherwise: readonly string[]) {
  return list === undefined || list.length === 0 ? otherwise : list;
}

function nounOf({ type }: RuleTarget): string {
  return type === 'application' ? 'an application' : 'a service';
}
