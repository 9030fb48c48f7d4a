import { layersOf } from '../model/layers.ts';
import { checkApplication, checkNamespace, type NamespaceRef, refText } from '../model/names.ts';
import { type Layer, type Resolution, resolve } from '../model/resolve.ts';
import type { ApplicationRecord } from '../store/records.ts';
import type { LiveNamespace } from './live-namespace.ts';
import type { Resolved, ResolvedLayer, ResolveRequest } from './resolved.ts';

/** What is told with what is resolved. */
export interface Moment {
  /** The newest transaction that was seen. */
  readonly revision: bigint;
  /** There may be something newer. */
  readonly stale: boolean;
}

/** Resolutions that are remembered: instances mostly get the same. */
const REMEMBERED = 256;

/** What each instance gets of all that there is: made once for all who get the same. */
export class Resolver {
  /** By name; whoever holds these changes them, and says so by `changed`. */
  readonly applications = new Map<string, ApplicationRecord>();
  /** By `application/namespace`. */
  readonly namespaces = new Map<string, LiveNamespace>();
  readonly #shared: string;
  /** By the releases that they are made of, and what those hold. */
  readonly #resolutions = new Map<string, Resolution>();
  /** What was told since anything was another, by who asks. */
  readonly #answers = new Map<string, Resolved>();

  /** @param shared the application that all others share */
  constructor(shared: string) {
    this.#shared = shared;
  }

  /** Something is another now. */
  changed(): void {
    this.#answers.clear();
  }

  /**
   * What an instance gets; the same object for all who get the same, until anything changes.
   * @throws ConfigError NOT_VALID for names that can't be
   */
  resolve({ application, profiles = [], instance = {} }: ResolveRequest, moment: Moment): Resolved {
    checkApplication(application);
    profiles.forEach(checkNamespace);
    const asked = `${application} ${profiles.join(' ')}`;
    const told = this.#told(asked, moment);
    if (told !== undefined) return told;
    const layers: Layer[] = [];
    const names: string[] = [];
    let forSome = false;
    for (const ref of this.#layersOf(application, profiles)) {
      const namespace = this.namespaces.get(refText(ref));
      forSome ||= (namespace?.pointer.grays.length ?? 0) > 0;
      const chosen = namespace?.choose(instance);
      if (chosen === undefined) continue;
      const { root, ...layer } = chosen;
      layers.push({ ...ref, ...layer });
      names.push(`${refText(ref)} ${layer.release} ${layer.gray ?? ''} ${root}`);
    }
    const name = names.join('\n');
    // Of those for whom there are gray releases, the same is for those who get the same of them.
    const shared = forSome ? `${asked}\n${name}` : asked;
    const known = forSome ? this.#told(shared, moment) : undefined;
    if (known !== undefined) return known;
    const resolved: Resolved = {
      application,
      profiles,
      ...this.#resolution(name, layers),
      ...moment,
      layers: layers.map(({ entries: _, ...layer }): ResolvedLayer => layer),
    };
    remember(this.#answers, shared, resolved);
    return resolved;
  }

  /** Whether what an application gets may be another when these have changed. */
  concerns(application: string, isTouched: (application: string) => boolean): boolean {
    return (
      [application, this.#shared].some(isTouched) ||
      this.#linksOf(application).some((link) => isTouched(link.application))
    );
  }

  #layersOf(application: string, profiles: readonly string[]): readonly NamespaceRef[] {
    const links = this.#linksOf(application).filter(
      (link) => this.namespaces.get(refText(link))?.pointer.public,
    );
    return layersOf({ application, profiles, links, shared: this.#shared });
  }

  #linksOf(application: string): readonly NamespaceRef[] {
    return this.applications.get(application)?.links ?? [];
  }

  /** What was told before, if it is what would be told now. */
  #told(asked: string, { revision, stale }: Moment): Resolved | undefined {
    const told = this.#answers.get(asked);
    return told?.revision === revision && told.stale === stale ? told : undefined;
  }

  #resolution(name: string, layers: readonly Layer[]): Resolution {
    let found = this.#resolutions.get(name);
    if (found === undefined) {
      found = resolve(layers);
      remember(this.#resolutions, name, found);
    }
    return found;
  }
}

/** Adds what is newest; the oldest is forgotten when there are many. */
function remember<T>(all: Map<string, T>, name: string, value: T): void {
  all.set(name, value);
  const [oldest] = all.keys();
  if (all.size > REMEMBERED && oldest !== undefined) all.delete(oldest);
}
