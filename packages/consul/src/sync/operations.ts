import { checkId } from './owned.ts';
import type { Write } from './plan.ts';

/** Of one transaction: Consul takes 128 operations and 512 KiB. */
const MOST_OPERATIONS = 120;
const MOST_BYTES = 256 * 1024;

/** An operation of a transaction, as Consul takes it. */
export type Operation = Readonly<Record<string, unknown>>;

/** What a write is in a transaction. */
export function operationsOf(write: Write, node: string): readonly Operation[] {
  if (write.type === 'delete') {
    const { id, owned } = write;
    const { service } = owned.registration;
    // Only what is as it was read: whoever has changed it since has a reason.
    const Service = { ID: id, Service: service, ModifyIndex: owned.version };
    return [{ Service: { Verb: 'delete-cas', Node: node, Service } }];
  }
  const { id, service, address, port, tags, meta, weights, status, output } = write.registration;
  const operations: Operation[] = [];
  if (write.service)
    operations.push({
      Service: {
        ...{ Verb: 'set', Node: node },
        Service: {
          ...{ ID: id, Service: service, Address: address, Port: port },
          ...{ Tags: tags, Meta: meta, Weights: weights },
        },
      },
    });
  if (write.check)
    operations.push({
      Check: {
        Verb: 'set',
        Check: {
          ...{ Node: node, CheckID: checkId(id), Name: 'as the mesh has it' },
          ...{ Status: status, Output: output, ServiceID: id },
        },
      },
    });
  return operations;
}

/** Writes in groups that a transaction each has room for, in their order. */
export function* batchesOf(writes: readonly Write[], node: string): Generator<readonly Write[]> {
  let batch: Write[] = [];
  let count = 0;
  let bytes = 0;
  for (const write of writes) {
    const operations = operationsOf(write, node);
    const size = Buffer.byteLength(JSON.stringify(operations));
    if (count + operations.length > MOST_OPERATIONS || (bytes + size > MOST_BYTES && count > 0)) {
      yield batch;
      batch = [];
      count = 0;
      bytes = 0;
    }
    batch.push(write);
    count += operations.length;
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
