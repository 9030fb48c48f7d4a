import { isDeepStrictEqual } from 'node:util';
import type { PolicyCondition } from '@meshkeeper/mesh';
import { NOT_ATTACHED, type PolicyParent } from './kubernetes-policy.ts';
import type { Condition, ParentStatus, PolicyObject } from './policy-kinds.ts';

/** Who writes: other controllers' entries are kept. */
export const CONTROLLER = 'meshkeeper.io/controller';

/** What has become of a policy in the mesh. */
export interface Verdict {
  /** The generation that was judged. */
  readonly generation: number;
  readonly conditions: readonly PolicyCondition[];
}

/** An API server takes no longer message. */
const LONGEST = 32_768;

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

/** Whether an object's status says something of ours. */
export function isJudged({ status }: PolicyObject): boolean {
  return (status?.parents ?? []).some(({ controllerName }) => controllerName === CONTROLLER);
}

/** What is not accepted is brought to nobody. */
function saidOf(
  { conditions }: Verdict,
  parent: PolicyParent['type'] | undefined,
): readonly PolicyCondition[] {
  const attached =
    parent === 'missing' || parent === 'consumer'
      ? conditions.map((each) =>
          each.type === 'Accepted' ? { type: each.type, ...NOT_ATTACHED[parent] } : each,
        )
      : conditions;
  const isRejected = attached.some(({ type, status }) => type === 'Accepted' && status === 'False');
  return attached.map((each): PolicyCondition => {
    const message = each.message.slice(0, LONGEST);
    if (!isRejected || each.type !== 'Programmed') return { ...each, message };
    return { type: each.type, status: 'False', reason: 'Invalid', message: '' };
  });
}

/** Others' types are kept; the time of one whose status is the same stays. */
function merged(
  before: readonly Condition[] = [],
  now: readonly PolicyCondition[],
  observedGeneration: number,
  lastTransitionTime: string,
): readonly Condition[] {
  const types = new Set<string>(now.map(({ type }) => type));
  return [
    ...before.filter(({ type }) => !types.has(type)),
    ...now.map((each) => {
      const was = before.find(({ type }) => type === each.type);
      if (was?.observedGeneration === observedGeneration && isStill(was, each)) return was;
      const time = was?.status === each.status ? was.lastTransitionTime : lastTransitionTime;
      return { ...each, lastTransitionTime: time, observedGeneration };
    }),
  ];
}

/**
 * What all data planes had is not taken back because one more has come that is on its way to it, or since
 * none is there: otherwise each start of a pod would be written into each policy.
 */
function isStill(was: Condition, now: PolicyCondition): boolean {
  const isOnItsWay = now.reason === 'Pending' || now.reason === 'NoDataPlane';
  return now.type === 'Programmed' && was.status === 'True' && isOnItsWay;
}
