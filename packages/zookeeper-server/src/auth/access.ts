import type { Acl } from '@meshkeeper/jute';
import type { AuthId } from './auth-id.ts';
import { isDigestId } from './digest.ts';
import { ipMatches, isIpId } from './ip.ts';

/** What the server knows about a scheme in an ACL. */
interface Scheme {
  readonly isValid: (id: string) => boolean;
  readonly matches: (id: string, expression: string) => boolean;
  /** Whether having such an id is a proof of who one is: only then `auth` expands to it. */
  readonly proves: boolean;
}

const schemes = new Map<string, Scheme>([
  ['digest', { isValid: isDigestId, matches: (id, expression) => id === expression, proves: true }],
  ['ip', { isValid: isIpId, matches: ipMatches, proves: false }],
]);

/** Whether one of `ids` may do one of `perms` on a znode with this ACL. */
export function isAllowed(acl: readonly Acl[], perms: number, ids: readonly AuthId[]): boolean {
  if (acl.length === 0) return true;
  for (const entry of acl)
    if ((entry.perms & perms) !== 0 && entry.scheme === 'world' && entry.id === 'anyone')
      return true;
  if (ids.some((id) => id.scheme === 'super')) return true;
  return acl.some((entry) => {
    if ((entry.perms & perms) === 0) return false;
    const scheme = schemes.get(entry.scheme);
    if (scheme === undefined) return false;
    return ids.some(({ scheme: own, id }) => own === entry.scheme && scheme.matches(id, entry.id));
  });
}

/**
 * The ACL as it is stored: without duplicates, `auth` expanded to what the client has proved.
 * Undefined if it is empty or names what the server doesn't know.
 */
export function storedAcl(acl: readonly Acl[], ids: readonly AuthId[]): Acl[] | undefined {
  const stored: Acl[] = [];
  const seen = new Set<string>();
  for (const entry of acl) {
    const key = `${entry.perms}:${entry.scheme}:${entry.id}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (entry.scheme === 'world' && entry.id === 'anyone') stored.push(entry);
    else if (entry.scheme === 'auth') {
      const proved = ids.filter(({ scheme }) => schemes.get(scheme)?.proves);
      if (proved.length === 0) return undefined;
      for (const id of proved) stored.push({ perms: entry.perms, ...id });
    } else if (schemes.get(entry.scheme)?.isValid(entry.id)) stored.push(entry);
    else return undefined;
  }
  return stored.length > 0 ? stored : undefined;
}

/** The ACL as somebody without ADMIN sees it: no digests of passwords. */
export function maskedAcl(acl: readonly Acl[]): Acl[] {
  return acl.map((entry) =>
    entry.scheme === 'digest' ? { ...entry, id: entry.id.replace(/:.*/s, ':x') } : entry,
  );
}
