import { ConsulFault } from './consul-fault.ts';
import type { CheckRecord, NodeRecord, ServiceRecord, Stated, TaggedAddress } from './records.ts';

/** A JSON object, of which nothing is known. */
export type Fields = Readonly<Record<string, unknown>>;

/** Of a service's Meta. */
const MOST_PAIRS = 64;
const LONGEST_KEY = 128;
const LONGEST_VALUE = 512;
const HEAVIEST = 65_535;

/** Of JSON's keys Go looks at no case; who writes `node` says `Node`. */
export function field(fields: Fields, name: string): unknown {
  if (fields[name] !== undefined) return fields[name];
  const other = Object.keys(fields).find((key) => key.toLowerCase() === name.toLowerCase());
  return other === undefined ? undefined : fields[other];
}

export function text(fields: Fields, name: string): string {
  const value = field(fields, name);
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string')
    throw new ConsulFault(400, `Request decode failed: expected type 'string' for ${name}`);
  return value;
}

export function object(fields: Fields, name: string): Fields | undefined {
  const value = field(fields, name);
  return isFields(value) ? value : undefined;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The node that a registration states. */
export function statedNode(fields: Fields, datacenter: string): Stated<NodeRecord> {
  return {
    ID: text(fields, 'ID'),
    Node: text(fields, 'Node'),
    Address: text(fields, 'Address'),
    Datacenter: datacenter,
    TaggedAddresses: strings(object(fields, 'TaggedAddresses')),
    Meta: strings(object(fields, 'NodeMeta') ?? object(fields, 'Meta')),
  };
}

/** @throws ConsulFault 500 for what Consul doesn't take: it tells nobody whose fault it is */
export function statedService(fields: Fields): Stated<ServiceRecord> {
  const name = text(fields, 'Service');
  const id = text(fields, 'ID');
  if (id !== '' && name === '')
    throw new ConsulFault(
      500,
      'Must provide service name (Service.Service) when service ID is provided',
    );
  const tags = field(fields, 'Tags');
  return {
    ID: id === '' ? name : id,
    Service: name,
    Tags: Array.isArray(tags) ? tags.map(String) : null,
    Address: text(fields, 'Address'),
    TaggedAddresses: tagged(object(fields, 'TaggedAddresses')),
    Meta: strings(object(fields, 'Meta')),
    Port: whole(fields, 'Port'),
    Weights: weights(object(fields, 'Weights')),
    EnableTagOverride: field(fields, 'EnableTagOverride') === true,
  };
}

/** What is asked of a check, but for what its service says. */
export type StatedCheck = Omit<Stated<CheckRecord>, 'ServiceName' | 'ServiceTags'>;

/** Its status may be any word: Consul looks at none. */
export function statedCheck(fields: Fields, node: string): StatedCheck {
  const Name = text(fields, 'Name');
  return {
    ...{ Node: text(fields, 'Node') || node, CheckID: text(fields, 'CheckID') || Name, Name },
    Status: text(fields, 'Status') || 'critical',
    Notes: text(fields, 'Notes'),
    Output: text(fields, 'Output'),
    ServiceID: text(fields, 'ServiceID'),
    Type: text(fields, 'Type'),
  };
}

/** @throws ConsulFault 500 for Meta that a service can't have */
export function checkMeta(node: string, { ID, Meta }: Stated<ServiceRecord>): void {
  const fault = (why: string) =>
    new ConsulFault(500, `Invalid Service Meta for node ${node} and serviceID ${ID}: ${why}`);
  const pairs = Object.entries(Meta ?? {});
  if (pairs.length > MOST_PAIRS)
    throw fault(`Node metadata cannot contain more than ${MOST_PAIRS} key/value pairs`);
  for (const [key, value] of pairs) {
    const why = pairFault(key, value);
    if (why !== undefined)
      throw fault(`Couldn't load metadata pair ('${key}', '${value}'): ${why}`);
  }
}

function pairFault(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return 'Key contains invalid characters';
  if (key.length > LONGEST_KEY) return `Key is too long (limit: ${LONGEST_KEY} characters)`;
  if (key.startsWith('consul-')) return 'Key prefix "consul-" is reserved for internal use';
  if (value.length > LONGEST_VALUE) return `Value is too long (limit: ${LONGEST_VALUE} characters)`;
  return undefined;
}

/** What is out of range becomes 1/1, and nobody is told; what is left out of what is said is 0. */
function weights(stated: Fields | undefined): ServiceRecord['Weights'] {
  const none = { Passing: 1, Warning: 1 };
  if (stated === undefined) return none;
  const Passing = Number(field(stated, 'Passing') ?? 0);
  const Warning = Number(field(stated, 'Warning') ?? 0);
  const fits = Passing >= 1 && Passing <= HEAVIEST && Warning >= 0 && Warning <= HEAVIEST;
  return fits ? { Passing, Warning } : none;
}

function whole(fields: Fields, name: string): number {
  const value = field(fields, name) ?? 0;
  if (typeof value !== 'number')
    throw new ConsulFault(400, `Request decode failed: ${name} is no number`);
  return value;
}

function strings(fields: Fields | undefined): Record<string, string> | null {
  if (fields === undefined) return null;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}

function tagged(fields: Fields | undefined): Record<string, TaggedAddress> | null {
  if (fields === undefined) return null;
  const entries = Object.entries(fields).map(([key, value]) => {
    const { Address = '', Port = 0 } = isFields(value) ? value : {};
    return [key, { Address: String(Address), Port: Number(Port) }] as const;
  });
  return Object.fromEntries(entries);
}
