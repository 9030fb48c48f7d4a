import type { KubernetesNode } from '../api/objects.ts';

/** What is kept of a Node: where it is reached. */
export interface KeptNode {
  readonly internal: string | undefined;
  readonly external: string | undefined;
}

/** What is kept of a Node. Pure. */
export function keepNode({ status }: KubernetesNode): KeptNode {
  const of = (type: string) => status?.addresses?.find((each) => each.type === type)?.address;
  return { internal: of('InternalIP'), external: of('ExternalIP') };
}
