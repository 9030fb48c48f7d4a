import { isIP } from 'node:net';
import type { Cause } from '../api-error.ts';
import { type KubernetesObject, list, objects, part, text } from '../object.ts';
import type { Schema } from '../schema/schema.ts';
import { nameFaults, qualifiedFaults } from './names.ts';
import type { ResourceType } from './resource-type.ts';

const string: Schema = { type: 'string' };
const bool: Schema = { type: 'boolean' };
const hints: Schema = {
  type: 'array',
  items: { type: 'object', properties: { name: string } },
};

const SCHEMA: Schema = {
  type: 'object',
  properties: {
    addressType: string,
    ports: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: string,
          protocol: string,
          port: { type: 'integer' },
          appProtocol: string,
        },
      },
    },
    endpoints: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          addresses: { type: 'array', items: string },
          conditions: {
            type: 'object',
            properties: { ready: bool, serving: bool, terminating: bool },
          },
          hostname: string,
          targetRef: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          nodeName: string,
          zone: string,
          hints: { type: 'object', properties: { forZones: hints, forNodes: hints } },
          deprecatedTopology: { type: 'object', additionalProperties: string },
        },
      },
    },
  },
};

const MOST_ENDPOINTS = 1_000;
const MOST_ADDRESSES = 100;
const MOST_PORTS = 20_000;

function prepare(object: KubernetesObject): void {
  for (const port of objects(object, 'ports')) {
    port.name ??= '';
    port.protocol ??= 'TCP';
  }
  for (const endpoint of objects(object, 'endpoints')) {
    endpoint.conditions ??= {};
    delete endpoint.deprecatedTopology;
  }
  // As the API's own encoding has them: empty lists are null.
  if (list(object, 'ports').length === 0) object.ports = null;
  if (list(object, 'endpoints').length === 0) object.endpoints = null;
}

const TYPES = ['FQDN', 'IPv4', 'IPv6'];

function validate(object: KubernetesObject, old: KubernetesObject | undefined): Cause[] {
  const faults: Cause[] = [];
  const type = text(object, 'addressType') ?? '';
  if (type === '')
    faults.push({ field: 'addressType', message: 'Required value', reason: 'FieldValueRequired' });
  else if (!TYPES.includes(type))
    faults.push({
      field: 'addressType',
      message: `Unsupported value: "${type}": supported values: ${TYPES.map((one) => `"${one}"`).join(', ')}`,
      reason: 'FieldValueNotSupported',
    });
  if (old !== undefined && old.addressType !== type)
    faults.push({
      field: 'addressType',
      message: `Invalid value: "${type}": field is immutable`,
    });
  const endpoints = objects(object, 'endpoints');
  if (endpoints.length > MOST_ENDPOINTS)
    return [...faults, tooMany('endpoints', endpoints.length, MOST_ENDPOINTS)];
  for (const [i, endpoint] of endpoints.entries()) {
    const addresses = list(endpoint, 'addresses');
    const field = `endpoints[${i}].addresses`;
    if (addresses.length === 0)
      faults.push({
        field,
        message: 'Required value: must contain at least 1 address',
        reason: 'FieldValueRequired',
      });
    if (addresses.length > MOST_ADDRESSES)
      faults.push(tooMany(field, addresses.length, MOST_ADDRESSES));
    for (const [j, address] of addresses.entries())
      faults.push(...addressFaults(String(address), type, `${field}[${j}]`, field));
    const { hostname, nodeName } = endpoint;
    const at = (member: string) => `endpoints[${i}].${member}`;
    if (hostname !== undefined)
      faults.push(...nameFaults(String(hostname), 'label', at('hostname')));
    if (nodeName !== undefined)
      faults.push(...nameFaults(String(nodeName), 'subdomain', at('nodeName')));
    const zones = objects(part(endpoint, 'hints'), 'forZones').map(({ name }) => String(name));
    for (const [j, zone] of zones.entries())
      if (zones.indexOf(zone) < j)
        faults.push({
          field: at(`hints.forZones[${j}].name`),
          message: `Duplicate value: "${zone}"`,
          reason: 'FieldValueDuplicate',
        });
  }
  return [...faults, ...portFaults(object)];
}

function tooMany(field: string, count: number, most: number): Cause {
  const message = `Too many: ${count}: must have at most ${most} items`;
  return { field, message, reason: 'FieldValueTooMany' };
}

function portFaults(object: KubernetesObject): Cause[] {
  const ports = objects(object, 'ports');
  if (ports.length > MOST_PORTS) return [tooMany('ports', ports.length, MOST_PORTS)];
  const faults: Cause[] = [];
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const field = `ports[${i}]`;
    const name = String(port.name ?? '');
    if (names.has(name))
      faults.push({
        field: `${field}.name`,
        message: `Duplicate value: "${name}"`,
        reason: 'FieldValueDuplicate',
      });
    names.add(name);
    // Of its number nothing is asked.
    if (name !== '') faults.push(...nameFaults(name, 'label', `${field}.name`));
    if (port.appProtocol !== undefined)
      faults.push(...qualifiedFaults(String(port.appProtocol), `${field}.appProtocol`));
    if (!['TCP', 'UDP', 'SCTP'].includes(String(port.protocol)))
      faults.push({
        field: `${field}.protocol`,
        message: `Unsupported value: "${port.protocol}": supported values: "SCTP", "TCP", "UDP"`,
        reason: 'FieldValueNotSupported',
      });
  }
  return faults;
}

function addressFaults(address: string, type: string, field: string, all: string): Cause[] {
  const bad = (why: string, where = field): Cause[] => [
    { field: where, message: `Invalid value: ${JSON.stringify(address)}: ${why}` },
  ];
  if (type === 'FQDN') {
    const faults = nameFaults(address, 'subdomain', field);
    if (faults.length > 0) return faults;
    return address.includes('.')
      ? []
      : bad('should be a domain with at least two segments separated by dots');
  }
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const family = isIP(address);
  if (family === 0 && isIP(address.replace(/(^|\.)0+(?=\d)/g, '$1')) === 4)
    return bad('must not have leading 0s');
  if (family === 0 || address.includes('%'))
    return bad('must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
  if ((family === 4) !== (type === 'IPv4'))
    return [...bad(`must be an ${type} address`, all), ...reservedFaults(address, bad)];
  if (family === 6) {
    if (/^::ffff:/i.test(address)) return bad('must not be an IPv4-mapped IPv6 address');
    const canonicalForm = new URL(`http://[${address}]`).hostname.slice(1, -1);
    if (canonicalForm !== address) return bad(`must be in canonical form ("${canonicalForm}")`);
  }
  return reservedFaults(address, bad);
}

/** Addresses that no endpoint can have. */
function reservedFaults(address: string, bad: (why: string) => Cause[]): Cause[] {
  if (address === '0.0.0.0' || address === '::') return bad(`may not be unspecified (${address})`);
  if (/^127\./.test(address) || address === '::1')
    return bad('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  if (/^169\.254\./.test(address) || /^fe[89ab]/.test(address))
    return bad('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  if (/^224\.0\.0\./.test(address) || /^ff02:/.test(address))
    return bad('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  return [];
}

/** discovery.k8s.io/v1 EndpointSlice. */
export const ENDPOINT_SLICE: ResourceType = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
  generation: true,
  lists: { endpoints: { apply: 'atomic' }, ports: { apply: 'atomic' } },
  schema: SCHEMA,
  prepare,
  validate,
};
