import type { Endpoint, Mark, Service } from '@meshkeeper/mesh';
import { parentOf } from '@meshkeeper/zookeeper';
import type { Dialect } from '../dialect.ts';
import type { ZNode } from '../tree/tree-change.ts';
import { Identifier } from './identifier.ts';
import { goesBefore, isSameMark } from './mark.ts';
import {
  isAt,
  isSequential,
  registeredAt,
  says,
  type Wanted,
  type Written,
  wantedOf,
  wantedServiceOf,
} from './wanted.ts';

/** Why an endpoint isn't mirrored. */
export interface MirrorProblem {
  readonly service: string;
  readonly endpoint: string;
  readonly code: /** The dialect has no way to say it. */
    | 'unwritable'
    /** Somebody else's znode stands there. */
    | 'in-the-way'
    /** ZooKeeper doesn't let it be written. */
    | 'refused';
  readonly message: string;
}

/** What is to be done in the tree. Each depends on what was read. */
export type MirrorStep =
  | { readonly type: 'create'; readonly wanted: Wanted; readonly node: Written }
  | {
      readonly type: 'set';
      readonly wanted: Wanted;
      readonly path: string;
      readonly version: number;
      readonly data: Buffer;
    }
  /** One goes and another comes, in one transaction: nobody sees the instance missing. */
  | {
      readonly type: 'replace';
      readonly wanted: Wanted;
      readonly path: string;
      readonly version: number;
      readonly node: Written;
    }
  | { readonly type: 'delete'; readonly path: string; readonly version: number };

/** A znode of the tree. */
interface Known {
  readonly path: string;
  readonly owner: bigint;
  readonly version: number;
  /** Only of our own. */
  readonly data: Buffer;
  readonly key: string | undefined;
  readonly mark: Mark | undefined;
  /** How many instances it is. */
  readonly size: number;
}

const NOTHING = Buffer.alloc(0);

/** What is wanted of a service, by the endpoints that it was made of. */
interface Mirrored {
  readonly protocol: Service['protocol'];
  readonly wanted: ReadonlyMap<Endpoint, Wanted>;
}
const NO_WANTED: ReadonlyMap<Endpoint, Wanted> = new Map();

/** What decides what may be written. */
export interface PlanOptions {
  /** Of the writer: whose znodes are as they should be. */
  readonly session: bigint;
  /** Whether what isn't wanted goes: only once all that is wanted is known. */
  readonly remove: boolean;
}

/**
 * A tree that services are mirrored into: what is wanted there, what stands there, and what is to be
 * done. Of what stands there only what bears this rule's mark is ours. Pure.
 */
export class MirrorTarget {
  readonly #dialect: Dialect;
  readonly #root: string;
  readonly #mark: Mark;
  readonly #identifier: Identifier;
  readonly #nodes = new Map<string, Known>();
  readonly #ours = new Set<Known>();
  /** Instances, by directory, by key. */
  readonly #instances = new Map<string, Map<string, Set<Known>>>();
  /** By directory, by key, by service: of two with one key the first by name is written. */
  readonly #wanted = new Map<string, Map<string, Map<string, Wanted>>>();
  readonly #byService = new Map<string, Mirrored>();
  readonly #unwritable = new Map<string, readonly MirrorProblem[]>();
  /** By directory. */
  readonly #inTheWay = new Map<string, readonly MirrorProblem[]>();
  readonly #refused = new Map<string, MirrorProblem>();

  constructor(dialect: Dialect, root: string, mark: Mark) {
    this.#dialect = dialect;
    this.#root = root;
    this.#mark = mark;
    this.#identifier = new Identifier(dialect, root);
  }

  get problems(): readonly MirrorProblem[] {
    const lists = [...this.#unwritable.values(), ...this.#inTheWay.values()];
    return [...lists.flat(), ...this.#refused.values()];
  }

  /** How many instances there are of ours. */
  get size(): number {
    let size = 0;
    for (const ours of this.#ours) size += ours.size;
    return size;
  }

  /** Whether a session has znodes of ours. */
  has(session: bigint): boolean {
    for (const { owner } of this.#ours) if (owner === session) return true;
    return false;
  }

  /** The directories in which there is something of ours, or should be. */
  get directories(): Iterable<string> {
    const ours = Array.from(this.#ours, ({ path }) => parentOf(path));
    return new Set([...this.#wanted.keys(), ...ours]);
  }

  /** Takes a znode as it was read; gives the directory that is to be looked at. */
  put(node: ZNode): string {
    const { path, data, stat } = node;
    this.#forget(path);
    const identified = this.#identifier.identify(node);
    const mark = identified?.mark;
    const known: Known = {
      ...{ path, owner: stat.ephemeralOwner, version: stat.version },
      data: mark !== undefined && isSameMark(mark, this.#mark) ? data : NOTHING,
      key: identified?.key,
      ...{ mark, size: identified?.size ?? 0 },
    };
    this.#nodes.set(path, known);
    if (this.#isOurs(known)) this.#ours.add(known);
    if (known.key !== undefined) this.#instancesAt(parentOf(path), known.key).add(known);
    return parentOf(path);
  }

  /** Takes the deletion of a znode; gives the directory that is to be looked at. */
  remove(path: string): string {
    this.#forget(path);
    return parentOf(path);
  }

  /** Says what is to be mirrored of a service, by the name that it was told under; gives the directories that are to be looked at. */
  want(name: string, service: Service | undefined): ReadonlySet<string> {
    const { wanted: before = NO_WANTED, protocol } = this.#byService.get(name) ?? {};
    const times = new Map(Array.from(before.values(), ({ key, time }) => [key, time]));
    for (const wanted of before.values()) this.#unwant(name, wanted);
    this.#refused.delete(name);
    const all = new Map<Endpoint, Wanted>();
    const failed = new Map<Endpoint, unknown>();
    if (service !== undefined && this.#dialect.encodeService !== undefined) {
      const whole = wantedServiceOf(this.#writing, service);
      if (whole.wanted) for (const endpoint of whole.endpoints) all.set(endpoint, whole.wanted);
      for (const [endpoint, error] of whole.failed) failed.set(endpoint, error);
    } else
      for (const endpoint of service?.endpoints ?? []) {
        // Most of a service's endpoints are the very ones that they were.
        const known = service?.protocol === protocol ? before.get(endpoint) : undefined;
        try {
          const made = known ?? wantedOf(this.#writing, service!, endpoint);
          // What was registered anew without saying when is what it was.
          all.set(endpoint, registeredAt(made, times.get(made.key)));
        } catch (error) {
          failed.set(endpoint, error);
        }
      }
    const unwritable = Array.from(failed, ([endpoint, error]): MirrorProblem => {
      const message = error instanceof Error ? error.message : String(error);
      return { service: name, endpoint: endpoint.id, code: 'unwritable', message };
    });
    if (unwritable.length > 0) this.#unwritable.set(name, unwritable);
    else this.#unwritable.delete(name);
    if (service !== undefined && all.size > 0)
      this.#byService.set(name, { protocol: service.protocol, wanted: all });
    else this.#byService.delete(name);
    for (const wanted of all.values()) this.#want(name, wanted);
    return directoriesThatDiffer(before, all);
  }

  /** Takes note that ZooKeeper refused to have an endpoint written. */
  refused({ service, endpoint }: Wanted, message: string): void {
    this.#refused.set(service, { service, endpoint, code: 'refused', message });
  }

  /** Takes note that an endpoint was written. */
  accepted({ service }: Wanted): void {
    this.#refused.delete(service);
  }

  /** What is to be done in a directory. */
  plan(directory: string, options: PlanOptions): readonly MirrorStep[] {
    const steps: MirrorStep[] = [];
    const problems: MirrorProblem[] = [];
    /** Ours that stay, or that another step takes away. */
    const used = new Set<Known>();
    const instances = this.#instances.get(directory) ?? new Map<string, Set<Known>>();
    for (const [key, candidates] of this.#wanted.get(directory) ?? []) {
      const wanted = firstOf(candidates);
      const there = [...(instances.get(key) ?? [])];
      if (there.some((node) => this.#isMoreOriginal(node))) continue;
      const { path } = wanted.node;
      const at = this.#nodes.get(path);
      if (at !== undefined && !this.#isOurs(at) && !isSequential(wanted.entry)) {
        const message = `${path} is somebody else's znode: delete it, or mirror into another root`;
        const { service, endpoint } = wanted;
        problems.push({ service, endpoint, code: 'in-the-way', message });
        continue;
      }
      const ours = there.filter((node) => this.#isOurs(node));
      if (at !== undefined && this.#isOurs(at)) ours.push(at);
      const best = this.#bestOf(ours, wanted, options.session);
      if (best !== undefined) used.add(best);
      // A whole service may be one of which not all is known yet.
      const keep = !options.remove && this.#dialect.encodeService !== undefined;
      const step = stepTo(wanted, best, options.session, keep);
      if (step !== undefined) steps.push(step);
    }
    if (options.remove)
      for (const nodes of instances.values())
        for (const node of nodes)
          if (this.#isOurs(node) && !used.has(node))
            steps.push({ type: 'delete', path: node.path, version: node.version });
    if (problems.length > 0) this.#inTheWay.set(directory, problems);
    else this.#inTheWay.delete(directory);
    return steps;
  }

  /** Of several the one that has to be changed least. */
  #bestOf(ours: readonly Known[], wanted: Wanted, session: bigint): Known | undefined {
    const rank = (node: Known) => (says(wanted, node) ? 2 : 0) + (node.owner === session ? 1 : 0);
    return ours.toSorted((a, b) => rank(b) - rank(a) || (a.path < b.path ? -1 : 1))[0];
  }

  /** Ours by its mark; persistent ones are somebody's copy. */
  #isOurs({ mark, owner }: Known): boolean {
    return owner !== 0n && mark !== undefined && isSameMark(mark, this.#mark);
  }

  /** Whether there is no need for ours beside it. */
  #isMoreOriginal({ mark }: Known): boolean {
    return mark === undefined || goesBefore(mark, this.#mark);
  }

  get #writing() {
    return {
      ...{ dialect: this.#dialect, root: this.#root, mark: this.#mark },
      identifier: this.#identifier,
    };
  }

  #forget(path: string): void {
    const known = this.#nodes.get(path);
    if (known === undefined) return;
    this.#nodes.delete(path);
    this.#ours.delete(known);
    if (known.key === undefined) return;
    const directory = parentOf(path);
    const instances = this.#instances.get(directory);
    const nodes = instances?.get(known.key);
    nodes?.delete(known);
    if (nodes?.size === 0) instances?.delete(known.key);
    if (instances?.size === 0) this.#instances.delete(directory);
  }

  #instancesAt(directory: string, key: string): Set<Known> {
    const instances = this.#instances.get(directory) ?? new Map<string, Set<Known>>();
    this.#instances.set(directory, instances);
    const nodes = instances.get(key) ?? new Set<Known>();
    instances.set(key, nodes);
    return nodes;
  }

  #want(service: string, wanted: Wanted): void {
    const keys = this.#wanted.get(wanted.directory) ?? new Map<string, Map<string, Wanted>>();
    this.#wanted.set(wanted.directory, keys);
    const candidates = keys.get(wanted.key) ?? new Map<string, Wanted>();
    keys.set(wanted.key, candidates);
    if (!candidates.has(service)) candidates.set(service, wanted);
  }

  #unwant(service: string, { directory, key }: Wanted): void {
    const keys = this.#wanted.get(directory);
    const candidates = keys?.get(key);
    candidates?.delete(service);
    if (candidates?.size === 0) keys?.delete(key);
    if (keys?.size === 0) this.#wanted.delete(directory);
  }
}

/** Where something isn't wanted as it was. */
function directoriesThatDiffer(
  before: ReadonlyMap<Endpoint, Wanted>,
  after: ReadonlyMap<Endpoint, Wanted>,
): ReadonlySet<string> {
  const directories = new Set<string>();
  for (const [endpoint, { directory }] of before)
    if (!after.has(endpoint)) directories.add(directory);
  for (const [endpoint, wanted] of after)
    if (before.get(endpoint) !== wanted) directories.add(wanted.directory);
  return directories;
}

function firstOf(candidates: ReadonlyMap<string, Wanted>): Wanted {
  const [first, ...others] = candidates.values();
  return others.reduce((best, other) => (other.service < best.service ? other : best), first!);
}

/**
 * From what stands there to what is wanted; undefined when that is there already.
 * @param keep what stands there is to say what it says
 */
function stepTo(
  wanted: Wanted,
  best: Known | undefined,
  session: bigint,
  keep: boolean,
): MirrorStep | undefined {
  const { node } = wanted;
  if (best === undefined) return { type: 'create', wanted, node };
  const { path, version, owner, data } = best;
  const said = keep || says(wanted, best);
  if (owner === session) {
    if (said) return undefined;
    if (isAt(wanted.entry, path, node.path) && !wanted.entry.immutable)
      return { type: 'set', wanted, path, version, data: node.data };
    return { type: 'replace', wanted, path, version, node };
  }
  // A former writer's: as it is, if it says what it should.
  const kept = isSequential(wanted.entry) ? { ...node, data } : { ...node, path, data };
  return { type: 'replace', wanted, path, version, node: said ? kept : node };
}
