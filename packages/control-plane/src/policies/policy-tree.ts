import { isPolicyKind, type PolicyKind, policyId } from '@meshkeeper/policy';
import type { ZNode } from '@meshkeeper/registries';
import { digestOf, type Head, parseHead } from './head.ts';
import { POLICIES, type PolicyRef, policyPath, refAt, refId, refOf } from './policy-paths.ts';
import { parsePolicy, type ReadPolicy, type StoredPolicy, stampOf } from './stored-policy.ts';

/** A znode that should be a policy and can't be used. */
export interface PolicyProblem {
  readonly path: string;
  /** Whose it is, as far as its path says: `HTTPRoute/shop`. */
  readonly policy?: string;
  readonly message: string;
  /** The revision of the last good version, which goes on being used; undefined when none is known. */
  readonly using?: number;
}

/** All policies there are, as they are used. */
export interface PolicyList {
  /** Grows with each change. */
  readonly revision: number;
  /** By id. */
  readonly policies: readonly StoredPolicy[];
  readonly problems: readonly PolicyProblem[];
}

/** A policy's znode. */
export interface PolicyEntry {
  readonly ref: PolicyRef;
  /** What is used: what the znode holds, or what it held last that could be read. */
  readonly stored?: StoredPolicy;
  /** Why what the znode holds can't be used. */
  readonly fault?: string;
  /** For compare-and-set; undefined when the znode may not even be read. */
  readonly version?: number;
  /** When the znode was changed, in milliseconds since the epoch. */
  readonly changedAt?: number;
}

/** The tree of policies at one moment. */
export interface PolicyTree {
  readonly list: PolicyList;
  /** By id, those that can't be used too. */
  readonly entries: ReadonlyMap<string, PolicyEntry>;
  /** The kinds of which there is the znode above theirs. */
  readonly kinds: ReadonlySet<PolicyKind>;
  /** The root, when it is there. */
  readonly root?: { readonly version: number; readonly mzxid: bigint };
  /** By path, also of what is no policy of ours. */
  readonly stamps: ReadonlyMap<string, number | undefined>;
  /** It is what one transaction has left: none is half read, and none was bypassed. */
  readonly whole: boolean;
  /** The root itself may not be read: nothing is known of what there is now. */
  readonly barred: boolean;
  /** What it was made of. */
  readonly nodes: readonly ZNode[];
  readonly unreadable: ReadonlySet<string>;
}

interface Parsed {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly read: ReadPolicy;
  readonly stamp: number | undefined;
}

/**
 * Makes policies of znodes, and remembers the last good version of each. Pure: it is given all znodes
 * there are, of which it reads those anew that have changed.
 */
export class PolicyReader {
  #parsed = new Map<string, Parsed>();
  /** The last good version of each, by id. */
  #good: Map<string, StoredPolicy>;

  /** `known`: what was good before this process was there. */
  constructor(known: Iterable<StoredPolicy> = []) {
    this.#good = new Map();
    for (const stored of known) this.learn(stored);
  }

  /** A version that was good, for when the znode is not. */
  learn(stored: StoredPolicy): void {
    this.#good.set(policyId(stored.policy), stored);
  }

  /** `unreadable`: paths of znodes that are there, and may not be read. */
  read(nodes: readonly ZNode[], unreadable: ReadonlySet<string>): PolicyTree {
    const parsed = new Map<string, Parsed>();
    const entries = new Map<string, PolicyEntry>();
    const problems: PolicyProblem[] = [];
    const kinds = new Set<PolicyKind>();
    const stamps = new Map<string, number | undefined>();
    let root: ZNode | undefined;
    const add = (path: string, entry: Omit<PolicyEntry, 'ref'> & { readonly ref?: PolicyRef }) => {
      const { ref, fault } = entry;
      const id = ref && refId(ref);
      const stored = entry.stored ?? (id === undefined ? undefined : this.#good.get(id));
      if (fault !== undefined)
        problems.push({
          path,
          ...(id !== undefined && { policy: id }),
          message: fault,
          ...(stored && { using: stored.revision }),
        });
      if (ref !== undefined) entries.set(refId(ref), { ...entry, ref, ...(stored && { stored }) });
    };
    for (const node of nodes) {
      const [kind, own, ...deeper] = node.path.slice(POLICIES.length + 1).split('/');
      if (node.path === POLICIES) root = node;
      else if (own === undefined && isPolicyKind(kind)) kinds.add(kind);
      if (own === undefined || deeper.length > 0) continue;
      const { path, stat } = node;
      const ref = refAt(path);
      const known = this.#parsed.get(path);
      const same = known?.czxid === stat.czxid && known.mzxid === stat.mzxid;
      const { read, stamp } = same ? known : parse(node, ref);
      parsed.set(path, { czxid: stat.czxid, mzxid: stat.mzxid, read, stamp });
      stamps.set(path, stamp);
      add(path, { ...(ref && { ref }), ...read, version: stat.version, changedAt: stat.mtime });
    }
    for (const path of unreadable) {
      const ref = refAt(path);
      const fault = 'may not be read: its ACL does not allow it';
      add(path, { ...(ref && { ref }), fault });
      if (ref !== undefined) continue;
      // What was known of the policies below is all that is known of them.
      for (const [id, stored] of this.#good) {
        const below = refOf(stored.policy);
        if (policyPath(below).startsWith(`${path}/`) && !entries.has(id))
          entries.set(id, { ref: below, stored, fault });
      }
    }
    this.#parsed = parsed;
    this.#good = new Map();
    for (const { stored } of entries.values()) if (stored !== undefined) this.learn(stored);
    const head = root && parseHead(root.data);
    return {
      list: listOf(revisionOf(head, stamps), entries, problems),
      ...{ entries, kinds, stamps },
      ...(root && { root: { version: root.stat.version, mzxid: root.stat.mzxid } }),
      whole: head === undefined ? stamps.size === 0 : head.digest === digestOf(stamps),
      barred: unreadable.has(POLICIES),
      ...{ nodes, unreadable },
    };
  }
}

function parse({ data, path }: ZNode, ref: PolicyRef | undefined): Pick<Parsed, 'read' | 'stamp'> {
  const stamp = stampOf(data);
  if (ref !== undefined) return { read: parsePolicy(data, ref), stamp };
  const [kind] = path.slice(POLICIES.length + 1).split('/');
  const fault = isPolicyKind(kind)
    ? 'is called as no policy is'
    : `is of the kind ${JSON.stringify(kind)}, which is not known here`;
  return { read: { fault }, stamp };
}

/** Where the root was lost, what the policies say counts: a revision never comes twice. */
function revisionOf(head: Head | undefined, stamps: PolicyTree['stamps']): number {
  let most = head?.revision ?? 0;
  for (const revision of stamps.values()) most = Math.max(most, revision ?? 0);
  return most;
}

function listOf(
  revision: number,
  entries: ReadonlyMap<string, PolicyEntry>,
  problems: PolicyProblem[],
): PolicyList {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    revision,
    policies: sorted.flatMap(([, { stored }]) => stored ?? []),
    problems: problems.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
}
