import { joinPath } from '@meshkeeper/zookeeper';

/** Where all of it is kept. */
export const IDENTITY_ROOT = '/meshkeeper/identity';

/** The znodes of identities, below a root. */
export class Paths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The trust domain and its authorities. */
  get trust(): string {
    return joinPath(this.root, 'trust');
  }

  /** Its version numbers the lists of what was revoked. */
  get listNumber(): string {
    return joinPath(this.root, 'crl');
  }

  /** The certificates of an authority, by the hour that they are kept until; without it, the authorities. */
  issued(authority?: string, hour?: number): string {
    return below(joinPath(this.root, 'issued'), authority, hour);
  }

  /** A certificate. */
  certificate(authority: string, hour: number, serial: string): string {
    return joinPath(this.issued(authority, hour), serial);
  }

  /** What of an authority's was revoked; without it, the authorities. */
  revoked(authority?: string): string {
    return below(joinPath(this.root, 'revoked'), authority);
  }
}

function below(path: string, ...parts: readonly (string | number | undefined)[]): string {
  return parts.reduce<string>(
    (parent, part) => (part === undefined ? parent : joinPath(parent, String(part))),
    path,
  );
}
