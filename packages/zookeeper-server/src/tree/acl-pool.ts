import type { Acl } from '@meshkeeper/jute';

const MOST = 4096;

/** Gives equal ACLs as one object: most of a tree's znodes share one of a few. */
export class AclPool {
  readonly #pool = new Map<string, readonly Acl[]>();
  #last: readonly Acl[] | undefined;

  intern(acl: readonly Acl[]): readonly Acl[] {
    if (this.#last && same(this.#last, acl)) return this.#last;
    const key = acl.map(({ perms, scheme, id }) => `${perms}:${scheme}:${id}`).join('\n');
    let pooled = this.#pool.get(key);
    if (pooled === undefined) {
      // Sharing is all that is lost by forgetting.
      if (this.#pool.size >= MOST) this.#pool.clear();
      pooled = acl;
      this.#pool.set(key, acl);
    }
    this.#last = pooled;
    return pooled;
  }
}

function same(a: readonly Acl[], b: readonly Acl[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [one, other] = [a[i]!, b[i]!];
    if (one.perms !== other.perms || one.id !== other.id || one.scheme !== other.scheme)
      return false;
  }
  return true;
}
