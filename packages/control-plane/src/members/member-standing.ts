import type { BehindProxy, Statement } from './statement.ts';

/** How another replica stands to a revision of the policies that is waited for. */
export interface MemberStanding {
  /** It serves that revision; nobody lacks it who is not counted. */
  readonly served: boolean;
  readonly counts: {
    readonly applied: number;
    readonly pending: number;
    readonly rejected: number;
  };
  /** Those that have not applied it, as far as they are named. */
  readonly behind: readonly BehindProxy[];
}

/**
 * How a replica stands to a revision, by what it says. What can't be made out may say anything: it is
 * waited for. One that serves nothing yet and has no data planes has nobody to wait for.
 */
export function memberStanding(said: Statement | undefined, wanted: number): MemberStanding {
  if (said === undefined)
    return { served: false, counts: { applied: 0, pending: 0, rejected: 0 }, behind: [] };
  const { policies, applied, counts } = said;
  const { connected } = counts;
  if (policies === undefined || policies < wanted)
    return {
      served: policies === undefined && connected === 0,
      counts: { applied: 0, pending: connected, rejected: 0 },
      // What is rejected may be what this revision replaces.
      behind: said.behind.map((each) => ({ ...each, state: 'pending', refused: undefined })),
    };
  if (applied !== undefined && applied >= wanted)
    return { served: true, counts: { applied: connected, pending: 0, rejected: 0 }, behind: [] };
  const all = { pending: counts.pending, rejected: counts.rejected };
  const behind: BehindProxy[] = [];
  for (const proxy of said.behind) {
    all[proxy.state]--;
    const standing = proxyStanding(proxy, wanted);
    if (standing !== undefined) behind.push(standing);
  }
  // Those without a name are taken for what they are to what is served.
  for (const { state } of behind) all[state]++;
  // It doesn't say who, but that not all have it.
  if (all.pending <= 0 && all.rejected <= 0) all.pending = connected;
  const pending = Math.max(0, all.pending);
  const rejected = Math.max(0, all.rejected);
  return {
    served: true,
    counts: { applied: Math.max(0, connected - pending - rejected), pending, rejected },
    behind,
  };
}

/** Undefined when it has that revision, and lacks only a newer one. */
function proxyStanding(proxy: BehindProxy, wanted: number): BehindProxy | undefined {
  const { policies, state, refused } = proxy;
  if (policies !== undefined && policies >= wanted) return undefined;
  if (state === 'pending') return proxy;
  const { since } = refused ?? {};
  const isOfIt = refused === undefined || (since !== undefined && since <= wanted);
  return isOfIt ? proxy : { ...proxy, state: 'pending', refused: undefined };
}
