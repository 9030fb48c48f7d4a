import { ZooKeeperError } from './zookeeper-error.ts';

/** Characters that ZooKeeper's `PathUtils` refuses: controls, surrogates out of place, specials. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;

/**
 * Says whether a path can be a znode's, as ZooKeeper's `PathUtils.validatePath` does.
 * @throws ZooKeeperError INVALID_ARGUMENT that says what is wrong with it.
 */
export function validatePath(path: string, operation: string): void {
  const detail = faultOf(path);
  if (detail !== undefined)
    throw new ZooKeeperError('INVALID_ARGUMENT', { operation, path, detail });
}

function faultOf(path: string): string | undefined {
  if (path === '/') return undefined;
  if (!path.startsWith('/')) return 'a path must begin with /';
  if (path.endsWith('/')) return 'a path must not end with /';
  if (path.includes('//')) return 'a path must not have an empty part (//)';
  if (FORBIDDEN.test(path)) return 'a path must not have control or private-use characters';
  if (/\/\.{1,2}(\/|$)/.test(path)) return 'a path must be absolute, without . and .. parts';
  return undefined;
}

/** The subtree that a client sees as its whole world: `host:port/chroot`. */
export class Chroot {
  readonly #prefix: string;

  /** `/` for none. */
  get path(): string {
    return this.#prefix === '' ? '/' : this.#prefix;
  }

  /** `path`: absolute, `/` for none. */
  constructor(path: string) {
    this.#prefix = path === '/' ? '' : path;
  }

  /** The server's name for a path of the user's. */
  add(path: string): string {
    if (this.#prefix === '') return path;
    return path === '/' ? this.#prefix : this.#prefix + path;
  }

  /** The user's name for a path of the server's. One outside the chroot stays as it is. */
  strip(path: string): string {
    if (this.#prefix === '') return path;
    if (path === this.#prefix) return '/';
    return path.startsWith(`${this.#prefix}/`) ? path.slice(this.#prefix.length) : path;
  }
}

/** The parent's path; `/` for the root itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** A child's path. */
export function joinPath(parent: string, child: string): string {
  return parent === '/' ? `/${child}` : `${parent}/${child}`;
}
