import { joinPath } from '@meshkeeper/zookeeper';
import type { Digest } from '../content/chunk.ts';
import { checkApplication, checkName, checkNamespace, type NamespaceRef } from '../model/names.ts';

/** Where configuration is kept, unless told otherwise. */
export const CONFIG_ROOT = '/meshkeeper/config';
/** Below an application: what is no namespace of it. */
const SIGNALS = '_signals';

/** Where everything is. Names are checked: no path leaves the root. */
export class Paths {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  application(name: string): string {
    return joinPath(this.root, checkApplication(name));
  }

  signals(application: string): string {
    return joinPath(this.application(application), SIGNALS);
  }

  signal(application: string, name: string): string {
    return joinPath(this.signals(application), checkName(name, 'signal'));
  }

  namespace({ application, namespace }: NamespaceRef): NamespacePaths {
    return new NamespacePaths(joinPath(this.application(application), checkNamespace(namespace)));
  }

  /** Which namespace's pointer, or which application's record, a path is. */
  at(path: string): { readonly application: string; readonly namespace?: string } | undefined {
    if (!path.startsWith(`${this.root}/`)) return undefined;
    const [application, namespace, ...deeper] = path.slice(this.root.length + 1).split('/');
    if (application === undefined || deeper.length > 0 || !isName(application)) return undefined;
    if (namespace === undefined) return { application };
    return isName(namespace) ? { application, namespace } : undefined;
  }
}

/** Where the parts of a namespace are. */
export class NamespacePaths {
  /** What all get, and what some get. */
  readonly pointer: string;
  /** The chunks' parent. Each write sets it: what a write was based on is what it still is. */
  readonly content: string;
  readonly releases: string;
  readonly draft: string;
  readonly schedule: string;
  readonly secrets: string;

  constructor(path: string) {
    this.pointer = path;
    this.content = joinPath(path, 'content');
    this.releases = joinPath(path, 'releases');
    this.draft = joinPath(path, 'draft');
    this.schedule = joinPath(path, 'schedule');
    this.secrets = joinPath(path, 'secrets');
  }

  chunk(digest: Digest): string {
    return joinPath(this.content, digest);
  }

  release(number: number): string {
    return joinPath(this.releases, String(number).padStart(10, '0'));
  }

  scheduled(id: string): string {
    return joinPath(this.schedule, checkName(id, 'scheduled release'));
  }

  secret(id: string): string {
    return joinPath(this.secrets, checkName(id, 'secret'));
  }
}

/** The release whose record it is; undefined when it is none. */
export function releaseAt(name: string): number | undefined {
  return /^0\d{9}$/.test(name) ? Number(name) : undefined;
}

/** True of a child that is an application or a namespace of ours. */
export function isName(child: string): boolean {
  try {
    checkNamespace(child);
    return true;
  } catch {
    return false;
  }
}
