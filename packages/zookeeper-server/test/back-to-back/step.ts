import type { Acl, MultiPart } from '@meshkeeper/jute';

/** One request of one of the sessions. Paths are relative to the sequence's own root. */
export type Step =
  | {
      readonly session: number;
      readonly op: 'create' | 'create2' | 'createContainer' | 'createTTL';
      readonly path: string;
      readonly data: string | null;
      readonly acl: readonly Acl[];
      readonly flags: number;
      readonly ttl: number;
    }
  | {
      readonly session: number;
      readonly op: 'delete' | 'setData' | 'check';
      readonly path: string;
      readonly data: string | null;
      readonly version: number;
    }
  | {
      readonly session: number;
      readonly op: 'setACL';
      readonly path: string;
      readonly acl: readonly Acl[];
      readonly version: number;
    }
  | {
      readonly session: number;
      readonly op: 'exists' | 'getData' | 'getChildren' | 'getChildren2';
      readonly path: string;
      readonly watch: boolean;
    }
  | {
      readonly session: number;
      readonly op: 'getACL' | 'getAllChildrenNumber' | 'sync' | 'getEphemerals';
      readonly path: string;
    }
  | {
      readonly session: number;
      readonly op: 'addWatch';
      readonly path: string;
      readonly mode: number;
    }
  | {
      readonly session: number;
      readonly op: 'removeWatches' | 'checkWatches';
      readonly path: string;
      readonly type: number;
    }
  | {
      readonly session: number;
      readonly op: 'setWatches2';
      readonly paths: readonly string[];
      readonly since: bigint;
    }
  | {
      readonly session: number;
      readonly op: 'multi' | 'multiRead';
      readonly parts: readonly Step[];
    }
  | { readonly session: number; readonly op: 'auth'; readonly credentials: string }
  | { readonly session: number; readonly op: 'whoAmI' | 'closeSession' };

/** A step's part of a multi as the wire has it, under a root. */
export function multiPart(step: Step, root: string): MultiPart {
  const { op, request } = requestOf(step, root);
  return { op, request } as MultiPart; // The arbitrary makes only such as may stand in a multi.
}

/** The operation and request of a step, under a root. */
export function requestOf(step: Step, root: string): { op: string; request: unknown } {
  const at = (relative: string) => root + relative;
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
  switch (step.op) {
    case 'createTTL':
    case 'create':
    case 'create2':
    case 'createContainer': {
      const { op, acl, flags, ttl } = step;
      const request = { path: at(step.path), data: bytes(step.data), acl, flags, ttl: BigInt(ttl) };
      return { op, request };
    }
    case 'delete':
    case 'setData':
    case 'check': {
      const { op, version } = step;
      return { op, request: { path: at(step.path), data: bytes(step.data), version } };
    }
    case 'setWatches2': {
      const paths = step.paths.map(at);
      const request = {
        relativeZxid: step.since,
        data: paths,
        exist: paths,
        child: paths,
        persistent: paths.slice(1),
        persistentRecursive: paths.slice(2),
      };
      return { op: step.op, request };
    }
    case 'multi':
    case 'multiRead':
      return { op: step.op, request: step.parts.map((part) => multiPart(part, root)) };
    case 'auth':
      return {
        op: step.op,
        request: { type: 0, scheme: 'digest', auth: Buffer.from(step.credentials) },
      };
    case 'whoAmI':
    case 'closeSession':
      return { op: step.op, request: undefined };
    default:
      return { op: step.op, request: { ...step, path: at(step.path) } };
  }
}
