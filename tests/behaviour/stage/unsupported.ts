import assert from 'node:assert/strict';
import { type DataPlane, type Policy, unsupported } from '@meshkeeper/policy';
import { policiesOf } from './mesh.ts';

/** The fields that a data plane doesn't do, each as `kind/name: path`, in the order of the policies. */
export function notDone(policies: string | readonly Policy[], dataPlane: DataPlane): string[] {
  return policiesOf(policies).flatMap((policy) =>
    unsupported(policy, dataPlane).map(({ path, reason }) => {
      assert.notEqual(reason, '', 'it is said why');
      return `${policy.kind}/${policy.metadata.name}: ${path.join('.')}`;
    }),
  );
}
