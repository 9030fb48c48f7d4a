import { isIP } from 'node:net';
import { DEFAULT_WEIGHT } from '@meshkeeper/mesh';
import { CreateMode } from '@meshkeeper/zookeeper';
import type { Entry, Registration } from '../dialect.ts';
import { instancePath } from '../directory/layout.ts';
import { RegistryError } from '../registry-error.ts';
import { encodeGson } from './gson.ts';
import { statusOf } from './health.ts';
import { MEMBER, type ServersetMember, VECTOR } from './member.ts';

/** Metadata that Finagle bears: a set in which a member has more is never resolved (24.2). */
export const MOST_METADATA = 10;

/** A member as Finagle writes it, byte for byte; its additional endpoints in the order given. */
export function encodeMember(member: ServersetMember): Buffer {
  const { serviceEndpoint, additionalEndpoints, status, shard, metadata } = member;
  const some = metadata && Object.keys(metadata).length > 0 ? metadata : undefined;
  return encodeGson({ serviceEndpoint, additionalEndpoints, status, shard, metadata: some });
}

/** A vector with one weight. */
export function encodeVector(select: string, weight: number): Buffer {
  return Buffer.from(
    `{"vector":[{"select":${JSON.stringify(select)},"weight":${decimal(weight)},"priority":1}]}`,
  );
}

/** A weight for Finagle, which takes a whole number without `.0` for none. */
export function decimal(weight: number): string {
  return Number.isInteger(weight) ? `${weight}.0` : String(weight);
}

/** The member, and the vector of its weight where it has one. */
export function encodeRegistration(root: string, registration: Registration): readonly Entry[] {
  const { service, address: host, port, health, weight = DEFAULT_WEIGHT } = registration;
  const { shard, ...metadata } = metadataOf(registration);
  if (Object.keys(metadata).length > MOST_METADATA)
    throw new RegistryError(
      'UNWRITABLE',
      `Finagle resolves no serverset in which a member has more than ${MOST_METADATA} entries of metadata: leave some out`,
    );
  const data = encodeMember({
    serviceEndpoint: { host, port },
    additionalEndpoints: {},
    status: statusOf(health),
    ...(shard !== undefined && { shard: shardOf(shard) }),
    metadata,
  });
  const numbered = { mode: CreateMode.EPHEMERAL_SEQUENTIAL, parents: 'persistent' } as const;
  const vector = { path: instancePath(root, service, VECTOR), ...numbered };
  const member = { ...memberOf(root, registration), data };
  if (weight === DEFAULT_WEIGHT) return [member];
  const select = selectorOf(host, port, shard);
  return [member, { ...vector, data: encodeVector(select, weight / DEFAULT_WEIGHT) }];
}

/** What a member keeps in its metadata. */
export function metadataOf({
  metadata,
  locality,
  protocol,
}: Pick<Registration, 'metadata' | 'locality' | 'protocol'>): Record<string, string> {
  // The status has a field of its own.
  const { status: _, ...stated } = metadata ?? {};
  return {
    ...stated,
    ...(locality?.region && { region: locality.region }),
    ...(locality?.zone && { zone: locality.zone }),
    ...(protocol !== undefined && protocol !== 'tcp' && { protocol }),
  };
}

/** @throws RegistryError UNWRITABLE for what is no number of a shard */
export function shardOf(text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw new RegistryError('UNWRITABLE', `"${text}" is no shard: write a whole number`);
  return Number(text);
}

function memberOf(
  root: string,
  { service, id }: Registration,
): Pick<Entry, 'path' | 'mode' | 'parents'> {
  if (id === undefined)
    return {
      path: instancePath(root, service, MEMBER),
      mode: CreateMode.EPHEMERAL_SEQUENTIAL,
      parents: 'persistent',
    };
  if (!new RegExp(`^${MEMBER}-?\\d+$`).test(id))
    throw new RegistryError(
      'UNWRITABLE',
      `Finagle reads no member of the name "${id}": leave the id out, ZooKeeper numbers members`,
    );
  return {
    path: instancePath(root, service, id),
    mode: CreateMode.EPHEMERAL,
    parents: 'persistent',
  };
}

function selectorOf(host: string, port: number, shard: string | undefined): string {
  if (isIP(host) !== 6) return `inet=${host}:${port}`;
  if (shard !== undefined) return `shard=${shard}`;
  throw new RegistryError(
    'UNWRITABLE',
    'Finagle weighs no IPv6 address: give the member a shard, in its metadata',
  );
}
