import { happens } from '../config/fraction.ts';
import type { ForwardAction } from '../config/route-action.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { OutgoingHead } from '../upstream/stream.ts';
import { Mirror } from './mirror.ts';

/** What copies need to know of the moment. */
export interface MirrorEnvironment {
  find(cluster: string): Cluster | undefined;
  readonly random: () => number;
  /** In milliseconds. */
  readonly idleTimeout: number;
}

/** Milliseconds that a copy may take where the request itself has no limit. */
const LONGEST = 15_000;

/** Sends the copies of a request that its route asks for. */
export function mirrorRequest(
  { mirrors = [], timeout }: ForwardAction,
  head: OutgoingHead,
  { find, random, idleTimeout }: MirrorEnvironment,
): readonly Mirror[] {
  // What is to be upgraded is a conversation, and can't be had twice.
  if (head.upgrade !== undefined) return [];
  return mirrors.flatMap(({ cluster: name, share, markHost }) => {
    const cluster = happens(share, random) ? find(name) : undefined;
    if (!cluster) return [];
    const authority = markHost ? marked(head.authority) : head.authority;
    const options = { timeout: timeout || LONGEST, idleTimeout };
    return Mirror.open(cluster, { ...head, authority }, options) ?? [];
  });
}

/** As Envoy, so that whoever logs it can tell the copy. */
function marked(authority: string): string {
  const port = /:\d+$/.exec(authority)?.[0] ?? '';
  return `${authority.slice(0, authority.length - port.length)}-shadow${port}`;
}
