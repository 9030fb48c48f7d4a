import { isDeepStrictEqual } from 'node:util';
import type { PolicyParent } from './kubernetes-policy.ts';
import type { Condition, ParentStatus, PolicyObject } from './policy-kinds.ts';

/** Who writes: other controllers' entries are kept. */
export const CONTROLLER = 'meshkeeper.io/controller';

/** How a policy stands in the mesh. */
export interface Verdict {
  /** The generation that was judged. */
  readonly generation: number;
  /** Why it is not valid, or not used; undefined when it is. */
  readonly rejected?: { readonly reason: string; readonly message: string };
  /** What it refers to and isn't there; undefined when all is. */
  readonly unresolved?: { readonly reason: string; readonly message: string };
  /** Whether all proxies that it is for have acknowledged it. */
  readonly programmed: 'True' | 'False' | 'Unknown';
  /** A sentence about that: which have not. */
  readonly progress?: string;
}

type Said = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/** The status that an object should have; undefined when it has it. Pure. @param now as an API server writes it */
export function statusOf(
  object: PolicyObject,
  parents: readonly PolicyParent[],
  isRoute: boolean,
  verdict: Verdict,
  now: string,
): PolicyObject['status'] | undefined {
  const { status = {} } = object;
  const { generation } = verdict;
  if (!isRoute) {
    const conditions = merged(status.conditions, saidOf(verdict, undefined), generation, now);
    if (
      status.observedGeneration === generation &&
      isDeepStrictEqual(conditions, status.conditions)
    )
      return undefined;
    return { ...status, observedGeneration: generation, conditions };
  }
  const there = status.parents ?? [];
  const others = there.filter(({ controllerName }) => controllerName !== CONTROLLER);
  const own = parents.map(({ ref, type }): ParentStatus => {
    const before = there.find(
      (each) => each.controllerName === CONTROLLER && isDeepStrictEqual(each.parentRef, ref),
    );
    const conditions = merged(before?.conditions, saidOf(verdict, type), generation, now);
    return { parentRef: ref, controllerName: CONTROLLER, conditions };
  });
  const next = [...others, ...own];
  const same = (a: readonly ParentStatus[]) =>
    a.length === next.length && a.every((each) => next.some((one) => isDeepStrictEqual(one, each)));
  return same(there) ? undefined : { ...status, parents: next };
}

function saidOf(
  { rejected, unresolved, programmed, progress }: Verdict,
  parent: PolicyParent['type'] | undefined,
): readonly Said[] {
  const no =
    parent === 'missing'
      ? { reason: 'NoMatchingParent', message: 'there is no such service in the mesh' }
      : parent === 'consumer'
        ? {
            reason: 'UnsupportedValue',
            message:
              'the service is in another namespace: a route for callers of one namespace is not supported, put it beside the service',
          }
        : rejected;
  const accepted = no === undefined;
  const done = accepted ? programmed : 'False';
  return [
    said('Accepted', accepted ? 'True' : 'False', no?.reason ?? 'Accepted', no?.message ?? ''),
    said(
      'ResolvedRefs',
      unresolved === undefined ? 'True' : 'False',
      unresolved?.reason ?? 'ResolvedRefs',
      unresolved?.message ?? '',
    ),
    said(
      'Programmed',
      done,
      done === 'True' ? 'Programmed' : accepted ? 'Pending' : 'Invalid',
      accepted ? (progress ?? '') : '',
    ),
  ];
}

function said(type: string, status: Said['status'], reason: string, message: string): Said {
  return { type, status, reason, message };
}

/** Others' types are kept; the time of one whose status is the same stays. */
function merged(
  before: readonly Condition[] = [],
  now: readonly Said[],
  observedGeneration: number,
  lastTransitionTime: string,
): readonly Condition[] {
  const types = new Set(now.map(({ type }) => type));
  return [
    ...before.filter(({ type }) => !types.has(type)),
    ...now.map((each) => {
      const was = before.find(({ type, status }) => type === each.type && status === each.status);
      const time = was?.lastTransitionTime ?? lastTransitionTime;
      return { ...each, lastTransitionTime: time, observedGeneration };
    }),
  ];
}
