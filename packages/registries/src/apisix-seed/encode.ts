import { DEFAULT_WEIGHT, MARK_KEY } from '@meshkeeper/mesh';
import { CreateMode } from '@meshkeeper/zookeeper';
import { addressKey, isHost, isPort } from '../decode/address.ts';
import { parseExactly } from '../decode/exact-json.ts';
import { isObject } from '../decode/json.ts';
import type { Entry, Registration } from '../dialect.ts';
import { directoryOf } from '../directory/layout.ts';
import { RegistryError } from '../registry-error.ts';
import { parseNode } from './node.ts';

/** The list that a service is, with an instance in it. */
export function encodeRegistration(root: string, registration: Registration): readonly Entry[] {
  return [
    {
      ...encodeService(root, [registration]),
      // Nothing in it says who has written it: it has to be taken out, or it stays.
      mode: CreateMode.PERSISTENT,
      merge: merged,
      withdraw: withdrawn,
    },
  ];
}

/** The list that a service is, with these instances and no others. */
export function encodeService(
  root: string,
  registrations: readonly Registration[],
): Pick<Entry, 'path' | 'data' | 'parents'> {
  const service = registrations[0]?.service ?? '';
  if (!/^[^/\p{Cc}\p{Cs}]+(\/[^/\p{Cc}\p{Cs}]+)*$/u.test(service))
    throw new RegistryError('UNWRITABLE', `"${service}" can't be the name of a znode`);
  return {
    path: directoryOf(root, service),
    data: Buffer.from(JSON.stringify(registrations.map(nodeOf))),
    parents: 'persistent',
  };
}

/** What APISIX is told by; a health has no place but in the weight. */
export function weightOf({
  weight = DEFAULT_WEIGHT,
  health,
}: Pick<Registration, 'weight' | 'health'>): number {
  if (!(Number.isInteger(weight) && weight >= 0))
    throw new RegistryError(
      'UNWRITABLE',
      `APISIX's weights are whole numbers, which ${weight} isn't`,
    );
  return health === 'draining' || health === 'unhealthy' ? 0 : weight;
}

function nodeOf(registration: Registration) {
  const { address: host, port, locality, protocol } = registration;
  if (!isHost(host) || !isPort(port))
    throw new RegistryError('UNWRITABLE', `"${host}" and ${port} are no host and port`);
  const metadata = {
    ...registration.metadata,
    ...(locality?.region && { region: locality.region }),
    ...(locality?.zone && { zone: locality.zone }),
    ...(protocol !== undefined && protocol !== 'http' && { protocol }),
  };
  const stated = Object.keys(metadata).length > 0 && { metadata };
  return { host, port, weight: weightOf(registration), ...stated };
}

/** A list with our element in the place of one of its address, or at the end. */
function merged(data: Buffer, own: Buffer): Buffer | undefined {
  const [ours] = elementsOf(own);
  const there = elementsOf(data);
  if (there.some(isMirrored))
    throw new RegistryError(
      'NOT_OURS',
      'its list is mirrored, and written anew by the mirror: register where it is mirrored from',
    );
  const key = keyOf(ours);
  const at = there.findIndex((element) => keyOf(element) === key);
  const list = at === -1 ? [...there, ours] : there.with(at, ours);
  const text = JSON.stringify(list);
  return text === JSON.stringify(there) ? undefined : Buffer.from(text);
}

function withdrawn(data: Buffer, own: Buffer): Buffer | undefined {
  const there = elementsOf(data);
  const key = keyOf(elementsOf(own)[0]);
  const left = there.filter((element) => keyOf(element) !== key);
  return left.length === there.length ? undefined : Buffer.from(JSON.stringify(left));
}

function elementsOf(data: Buffer): readonly unknown[] {
  const list = data.length === 0 ? [] : parseExactly(data.toString());
  if (Array.isArray(list)) return list;
  throw new RegistryError('NOT_OURS', 'its data is no JSON list: delete it, or set it right');
}

/** Where an instance is; undefined of what is none. */
function keyOf(element: unknown): string | undefined {
  const node = parseNode(JSON.parse(JSON.stringify(element ?? null)));
  return typeof node === 'string' ? undefined : addressKey(node.host, node.port);
}

function isMirrored(element: unknown): boolean {
  return isObject(element) && isObject(element.metadata) && MARK_KEY in element.metadata;
}
