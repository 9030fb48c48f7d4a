import type { ConsulCatalog } from './catalog.ts';
import { ConsulFault } from './consul-fault.ts';
import {
  type Fields,
  field,
  isFields,
  object,
  statedCheck,
  statedNode,
  statedService,
  text,
} from './registration.ts';

/** Operations that a transaction may have. */
const MOST_OPERATIONS = 128;

/** What became of a transaction: with errors, nothing of it was done. */
export interface TxnAnswer {
  readonly Results: readonly Fields[] | null;
  readonly Errors: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

class Refused extends Error {
  readonly answer: TxnAnswer;

  constructor(answer: TxnAnswer) {
    super('refused');
    this.answer = answer;
  }
}

/** `PUT /v1/txn`, of what is in the catalog. @throws ConsulFault */
export function transact(catalog: ConsulCatalog, operations: readonly unknown[]): TxnAnswer {
  if (operations.length > MOST_OPERATIONS)
    throw new ConsulFault(
      413,
      `Transaction contains too many operations (${operations.length} > ${MOST_OPERATIONS})`,
    );
  try {
    return catalog.write(() => {
      const results: Fields[] = [];
      const errors: { OpIndex: number; What: string }[] = [];
      for (const [OpIndex, operation] of operations.entries())
        try {
          results.push(...apply(catalog, isFields(operation) ? operation : {}));
        } catch (error) {
          if (!(error instanceof ConsulFault)) throw error;
          errors.push({ OpIndex, What: error.message });
        }
      if (errors.length > 0) throw new Refused({ Results: null, Errors: errors });
      return { Results: results, Errors: null };
    });
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
}

function apply(catalog: ConsulCatalog, operation: Fields): Fields[] {
  const node = object(operation, 'Node');
  const service = object(operation, 'Service');
  const check = object(operation, 'Check');
  if (service !== undefined) return onService(catalog, service);
  if (check !== undefined) return onCheck(catalog, check);
  if (node !== undefined) return onNode(catalog, node);
  throw new ConsulFault(400, 'unknown operation');
}

function onNode(catalog: ConsulCatalog, operation: Fields): Fields[] {
  const stated = statedNode(object(operation, 'Node') ?? {}, catalog.datacenter);
  if (text(operation, 'Verb') !== 'set') throw new ConsulFault(400, 'unknown Node verb');
  catalog.putNode(stated);
  return [{ Node: { ...catalog.node(stated.Node)?.node } }];
}

function onService(catalog: ConsulCatalog, operation: Fields): Fields[] {
  const node = text(operation, 'Node');
  const stated = statedService(object(operation, 'Service') ?? {});
  const find = () => catalog.node(node)?.services.get(stated.ID.toLowerCase());
  const verb = text(operation, 'Verb');
  switch (verb) {
    case 'set':
    case 'cas':
      if (verb === 'cas') checkIndex(operation, find()?.ModifyIndex, `set service "${stated.ID}"`);
      if (stated.Service === '') throw new ConsulFault(500, 'Must provide service name');
      catalog.putService(node, stated);
      return [{ Service: { ...find() } }];
    case 'delete':
    case 'delete-cas':
      if (verb === 'delete-cas')
        checkIndex(operation, find()?.ModifyIndex, `delete service "${stated.ID}"`);
      catalog.dropService(node, stated.ID);
      return [];
    default:
      throw new ConsulFault(400, `unknown Service verb "${verb}"`);
  }
}

function onCheck(catalog: ConsulCatalog, operation: Fields): Fields[] {
  const fields = object(operation, 'Check') ?? {};
  const node = text(fields, 'Node');
  const stated = statedCheck(fields, node);
  const find = () => catalog.node(node)?.checks.get(stated.CheckID.toLowerCase());
  const verb = text(operation, 'Verb');
  switch (verb) {
    case 'set':
    case 'cas':
      if (verb === 'cas') checkIndex(fields, find()?.ModifyIndex, `set check "${stated.CheckID}"`);
      catalog.putCheck(node, stated);
      return [{ Check: { ...find() } }];
    case 'delete':
    case 'delete-cas':
      if (verb === 'delete-cas')
        checkIndex(fields, find()?.ModifyIndex, `delete check "${stated.CheckID}"`);
      catalog.dropCheck(node, stated.CheckID);
      return [];
    default:
      throw new ConsulFault(400, `unknown Check verb "${verb}"`);
  }
}

/** The index that an operation states, of what it is about, has to be the one that is there. */
function checkIndex(operation: Fields, known: number | undefined, what: string): void {
  const record = object(operation, 'Service') ?? operation;
  const stated = Number(field(record, 'ModifyIndex') ?? 0);
  if (stated !== (known ?? 0)) throw new ConsulFault(409, `failed to ${what}, index is stale`);
}
