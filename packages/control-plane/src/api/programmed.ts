import type { MeshProgress } from '../members/mesh-standing.ts';
import type { Condition } from '../policies/policy-status.ts';
import type { MeshView } from './mesh-view.ts';

/** Data planes that are named, at most. */
const NAMED = 3;

/** Whether the data planes of all replicas have a revision of the policies. */
export function programmedIn(progress: MeshProgress, view: MeshView): Condition {
  const { applied, pending, rejected } = progress.counts;
  const unknown =
    progress.knowledge === 'away' ? 'ZooKeeper is away: other replicas are not known now' : '';
  const condition = (status: Condition['status'], reason: string, message: string): Condition => {
    const parts = [message, unknown].filter((part) => part !== '');
    return { type: 'Programmed', status, reason, message: parts.join('; ') };
  };
  const { behind, replicas } = view.progress(progress);
  const at = (replica: string) => (replicas.length > 1 ? ` (at ${replica})` : '');
  if (rejected > 0) {
    const names = behind.flatMap((each) =>
      each.state === 'rejected' ? [`${each.id}${at(each.replica)}: ${reasonOf(each)}`] : [],
    );
    return condition('False', 'Rejected', names.slice(0, NAMED).join('; '));
  }
  if (pending > 0)
    return condition('False', 'Pending', `${pending} data planes do not have it yet`);
  const nobody = condition('Unknown', 'NoDataPlane', 'no data plane is connected');
  // Alone and without a data plane it does not matter what is served yet.
  if (applied === 0 && replicas.length === 1) return nobody;
  const unserved = replicas.filter(({ state }) => state === 'unserved' || state === 'unreadable');
  if (unserved.length > 0)
    return condition('False', 'Pending', `${unserved[0]?.id} does not serve it yet`);
  if (applied === 0) return nobody;
  return condition('True', 'Programmed', '');
}

function reasonOf(each: ReturnType<MeshView['progress']>['behind'][number]): string {
  return ('refused' in each && each.refused?.[0]?.message) || 'it rejects what is served';
}
