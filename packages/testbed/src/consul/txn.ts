import type { ConsulCatalog } from './catalog.ts';
import { ConsulFault } from './consul-fault.ts';
import {
  checkMeta,
  type Fields,
  field,
  isFields,
  object,
  statedCheck,
  statedNode,
  statedService,
  text,
} from './registration.ts';
import { renderedCheck, renderedService } from './rendered.ts';

/** Operations that a transaction may have. */
const MOST_OPERATIONS = 128;

/** What became of a transaction: with errors, nothing of it was done. */
export interface TxnAnswer {
  readonly Results: readonly Fields[] | null;
  readonly Errors: readonly { readonly OpIndex: number; readonly What: string }[] | null;
  /** There when nothing was to be written. */
  readonly KnownLeader?: boolean;
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
  // What says none of what it may say is passed over.
  const acts = operations.flatMap((each) => (isFields(each) ? actsOf(each) : []));
  const unsaid = faultsOf(acts, (act) => act.check(catalog));
  if (unsaid.length > 0) return { Results: null, Errors: unsaid };
  if (acts.every(({ verb }) => verb === 'get')) return { ...attempt(catalog, acts), ...READ_ONLY };
  try {
    return catalog.write(() => {
      const answer = attempt(catalog, acts);
      if (answer.Errors !== null) throw new Refused(answer);
      return answer;
    });
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
}

/** What an answer has besides when nothing was to be written. */
const READ_ONLY = {
  ...{ Index: 1, LastContact: 0, KnownLeader: true, ConsistencyLevel: '', NotModified: false },
  ...{ Backend: 0, ResultsFilteredByACLs: false },
};

/** An operation. */
interface Act {
  readonly verb: string;
  /** Looks at what is stated, before anything is done. @throws ConsulFault */
  check(catalog: ConsulCatalog): void;
  /** Of the catalog as it is then; with what it answers. @throws ConsulFault */
  run(catalog: ConsulCatalog): Fields[];
}

function actsOf(operation: Fields): Act[] {
  const node = object(operation, 'Node');
  const service = object(operation, 'Service');
  const check = object(operation, 'Check');
  if (service !== undefined) return [onService(service)];
  if (check !== undefined) return [onCheck(check)];
  return node === undefined ? [] : [onNode(node)];
}

function attempt(catalog: ConsulCatalog, acts: readonly Act[]): TxnAnswer {
  const results: Fields[] = [];
  const errors = faultsOf(acts, (act) => results.push(...act.run(catalog)));
  return errors.length > 0 ? { Results: null, Errors: errors } : { Results: results, Errors: null };
}

function faultsOf(
  acts: readonly Act[],
  each: (act: Act) => void,
): { OpIndex: number; What: string }[] {
  return acts.flatMap((act, OpIndex) => {
    try {
      each(act);
      return [];
    } catch (error) {
      // What can't be decoded is no transaction.
      if (error instanceof ConsulFault && error.status !== 400)
        return [{ OpIndex, What: error.message }];
      throw error;
    }
  });
}

function onNode(operation: Fields): Act {
  const verb = text(operation, 'Verb');
  const fields = object(operation, 'Node') ?? {};
  const name = text(fields, 'Node');
  const what = `node "${name}"`;
  return {
    verb,
    check() {
      if (name === '') throw new ConsulFault(500, 'Must provide node');
    },
    run(catalog) {
      const there = () => catalog.node(name)?.node;
      if (!guarded(verb, 'node', what, fields, there())) return [{ Node: { ...there() } }];
      if (verb.startsWith('delete')) {
        catalog.dropNode(name);
        return [];
      }
      catalog.putNode(statedNode(fields, catalog.datacenter));
      return [{ Node: { ...there() } }];
    },
  };
}

function onService(operation: Fields): Act {
  const verb = text(operation, 'Verb');
  const node = text(operation, 'Node');
  const fields = object(operation, 'Service') ?? {};
  const id = text(fields, 'ID') || text(fields, 'Service');
  const what = `service "${id}" on node "${node}"`;
  return {
    verb,
    check() {
      statedService(fields);
    },
    run(catalog) {
      const there = () => catalog.node(node)?.services.get(id.toLowerCase());
      const told = () => [{ Service: renderedService(there()!) } as Fields];
      if (!guarded(verb, 'service', what, fields, there())) return told();
      if (verb.startsWith('delete')) {
        catalog.dropService(node, id);
        return [];
      }
      const stated = statedService(fields);
      checkMeta(node, stated);
      catalog.putService(node, stated);
      return told();
    },
  };
}

function onCheck(operation: Fields): Act {
  const verb = text(operation, 'Verb');
  const fields = object(operation, 'Check') ?? {};
  const node = text(fields, 'Node');
  const stated = statedCheck(fields, node);
  const what = `check "${stated.CheckID}" on node "${node}"`;
  return {
    verb,
    check() {},
    run(catalog) {
      const there = () => catalog.node(node)?.checks.get(stated.CheckID.toLowerCase());
      const told = () => [{ Check: renderedCheck(there()!) } as Fields];
      if (!guarded(verb, 'check', what, fields, there())) return told();
      if (verb.startsWith('delete')) {
        catalog.dropCheck(node, stated.CheckID);
        return [];
      }
      catalog.putCheck(node, stated);
      return told();
    },
  };
}

/**
 * False of what is only read, when it is there.
 * @throws ConsulFault when it is not there, when the index that is stated is another, and of no such verb
 */
function guarded(
  verb: string,
  kind: string,
  what: string,
  fields: Fields,
  there: { readonly ModifyIndex: number } | undefined,
): boolean {
  switch (verb) {
    case 'get':
      if (there === undefined) throw new ConsulFault(409, `${what} doesn't exist`);
      return false;
    case 'set':
    case 'delete':
      return true;
    case 'cas':
    case 'delete-cas': {
      const stated = Number(field(fields, 'ModifyIndex') ?? 0);
      const done = verb === 'cas' ? 'set' : 'delete';
      if (stated === (there?.ModifyIndex ?? 0)) return true;
      throw new ConsulFault(409, `failed to ${done} ${what}, index is stale`);
    }
    default:
      throw new ConsulFault(409, `unknown ${kind} operation: ${verb}`);
  }
}
