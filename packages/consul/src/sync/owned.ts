import { type Mark, markOf } from '@meshkeeper/mesh';
import { z } from 'zod';
import type { ConsulClient } from '../client/consul-client.ts';
import { checkRecord, serviceRecord } from '../client/records.ts';
import { ConsulError } from '../consul-error.ts';
import { ID_PREFIX, type Registration } from './registration.ts';

/** An instance of ours, as Consul has it. */
export interface Owned {
  /** Undefined when its check is missing. */
  readonly registration: Omit<Registration, 'status' | 'output'> & Partial<Registration>;
  /** Of the instance: what has another now was changed by somebody. */
  readonly version: number;
}

/** What was read of our node. */
export interface OwnedNode {
  /** Undefined when there is none. */
  readonly node:
    | { readonly address: string; readonly meta: Readonly<Record<string, string>> }
    | undefined;
  /** By ServiceID. */
  readonly instances: ReadonlyMap<string, Owned>;
  /** What somebody else has on it. */
  readonly foreign: number;
}

const nodeRecord = z
  .object({
    Node: z.object({
      Address: z.string(),
      Meta: z.record(z.string(), z.string()).nullish(),
    }),
    Services: z.record(z.string(), serviceRecord).nullish(),
  })
  .nullable();

/** The id of our check of an instance. */
export function checkId(service: string): string {
  return `${service}:mesh`;
}

/** True of what this mesh's destination has written: what bears its mark, and none else. */
export function isOwn(id: string, metadata: Readonly<Record<string, string>>, own: Mark): boolean {
  const mark = markOf({ id, metadata });
  return id.startsWith(ID_PREFIX) && mark?.mesh === own.mesh && mark.rule === own.rule;
}

/**
 * Reads all that is on the node.
 * @throws ConsulError `forbidden` when the token may not see all of it
 */
export async function readOwned(
  client: ConsulClient,
  name: string,
  mark: Mark,
  options: { readonly signal: AbortSignal; readonly datacenter: string | undefined },
): Promise<OwnedNode> {
  const path = encodeURIComponent(name);
  const [onNode, health] = await Promise.all([
    client.get(`/v1/catalog/node/${path}`, options),
    client.get(`/v1/health/node/${path}`, options),
  ]);
  if (onNode.filtered || health.filtered)
    throw new ConsulError(
      'forbidden',
      `the token may not see all of the node "${name}": it needs node:read and service:read`,
    );
  const record = nodeRecord.parse(onNode.body);
  if (record === null) return { node: undefined, instances: new Map(), foreign: 0 };
  const checks = new Map(
    checkRecord
      .array()
      .parse(health.body ?? [])
      .map((check) => [check.CheckID, check]),
  );
  const instances = new Map<string, Owned>();
  const services = Object.values(record.Services ?? {});
  for (const service of services) {
    if (!isOwn(service.ID, service.Meta, mark)) continue;
    const check = checks.get(checkId(service.ID));
    const status = check?.Status === 'passing' ? 'passing' : 'critical';
    instances.set(service.ID, {
      registration: {
        ...{ id: service.ID, service: service.Service, address: service.Address },
        ...{ port: service.Port, tags: service.Tags.toSorted(), meta: service.Meta },
        weights: service.Weights ?? { Passing: 1, Warning: 1 },
        ...(check !== undefined && { status, output: check.Output }),
      },
      version: service.ModifyIndex,
    });
  }
  const node = { address: record.Node.Address, meta: record.Node.Meta ?? {} };
  return { node, instances, foreign: services.length - instances.size };
}
