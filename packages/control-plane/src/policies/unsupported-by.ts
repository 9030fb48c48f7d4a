import {
  DATA_PLANES,
  type DataPlane,
  type Policy,
  pathText,
  unsupported,
} from '@meshkeeper/policy';

/** What some kinds of data planes don't do of a policy, in sentences. */
export function unsupportedBy(policy: Policy, kinds: readonly DataPlane[]): string[] {
  return kinds.flatMap((kind) =>
    unsupported(policy, kind).map(
      ({ path, reason }) => `${DATA_PLANES[kind]}: ${pathText(path)}: ${reason}`,
    ),
  );
}
