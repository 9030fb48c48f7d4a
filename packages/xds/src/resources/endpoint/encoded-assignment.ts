import type { Locality } from '@meshkeeper/mesh';
import { envoy } from '../../codec/generated/envoy.js';
import type { ClusterLoadAssignment } from '../../codec/messages.ts';
import { RESOURCE_TYPES } from '../../codec/resource-type.ts';
import { fieldSize, writeFieldHead } from '../../codec/wire.ts';
import type { ByteText } from './encoded-endpoint.ts';

/** The endpoints of one locality at one priority. */
export interface EncodedGroup {
  readonly locality: Locality;
  /** 0, the default, is the first; there must be no gap. */
  readonly priority?: number;
  /** The locality's own, relative to the others of its priority: an integer from 1 on, of 32 bits. */
  readonly weight: number;
  /** Of `encodedEndpoint`. */
  readonly endpoints: readonly ByteText[];
}

const { LocalityLbEndpoints, ClusterLoadAssignment: Codec } = envoy.config.endpoint.v3;
const TYPE_URL = Buffer.from(RESOURCE_TYPES.endpoint.typeUrl);

/**
 * A `ClusterLoadAssignment` as the bytes of an `Any`, of endpoints that were encoded before: written
 * once, into a buffer of the right size, without encoding anything but what is around them.
 */
export function assembleAssignment(
  name: string,
  groups: readonly EncodedGroup[],
  policy?: ClusterLoadAssignment['policy'],
): Buffer {
  const head = Codec.encode({ clusterName: name }).finish();
  const tail = Codec.encode({ ...(policy ? { policy } : {}) }).finish();
  const parts = groups.map(partsOf);
  let length = head.length + tail.length;
  for (const part of parts) length += fieldSize(part.length);
  const target = Buffer.allocUnsafeSlow(fieldSize(TYPE_URL.length) + fieldSize(length));
  let at = append(target, writeFieldHead(target, 0, 1, TYPE_URL.length), TYPE_URL);
  at = append(target, writeFieldHead(target, at, 2, length), head);
  for (const part of parts) {
    at = append(target, writeFieldHead(target, at, 2, part.length), part.head);
    at += target.write(part.endpoints, at, 'latin1');
    at = append(target, at, part.tail);
  }
  append(target, at, tail);
  return target;
}

function partsOf({ locality, weight, priority = 0, endpoints }: EncodedGroup) {
  const { region, zone, subzone: subZone } = locality;
  const head = LocalityLbEndpoints.encode({ locality: { region, zone, subZone } }).finish();
  const tail = LocalityLbEndpoints.encode({
    loadBalancingWeight: { value: weight },
    priority,
  }).finish();
  let text: ByteText = '';
  for (const each of endpoints) text += each;
  return { head, endpoints: text, tail, length: head.length + text.length + tail.length };
}

function append(target: Buffer, at: number, bytes: Uint8Array): number {
  target.set(bytes, at);
  return at + bytes.length;
}
