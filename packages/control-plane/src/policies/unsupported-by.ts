import { DATA_PLANES, type DataPlane, type Policy, unsupported } from '@meshkeeper/policy';

/** Something of a policy that some data planes don't do. */
export interface NotSupported {
  readonly policy: Policy;
  /** The field. */
  readonly path: readonly PropertyKey[];
  /** A sentence that begins with which. */
  readonly message: string;
}

/** What these kinds of data planes don't do of a policy. */
export function unsupportedBy(policy: Policy, kinds: readonly DataPlane[]): NotSupported[] {
  return kinds.flatMap((kind) =>
    unsupported(policy, kind).map(({ path, reason }) => {
      return { policy, path, message: `${DATA_PLANES[kind]}: ${reason}` };
    }),
  );
}
