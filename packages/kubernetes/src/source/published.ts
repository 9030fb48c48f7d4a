import {
  type Departure,
  type Endpoint,
  type Service,
  type SourceChange,
  sameService,
  statedHosts,
} from '@meshkeeper/mesh';
import type { BuiltService } from './build-service.ts';

/**
 * The services that a source has, put together from the Services of one name, and what of them was not
 * told yet: of a service only the newest. Pure.
 */
export class Published {
  /** By service, then by the Service that it is of. */
  readonly #parts = new Map<string, Map<string, BuiltService>>();
  /** The services of each Service. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #services = new Map<string, Service>();
  readonly #waiting = new Map<string, Map<string, Departure>>();
  #reset = false;

  /** A Service is now these; undefined when it is gone. */
  set(key: string, built: readonly BuiltService[] | undefined, departure: Departure): void {
    const before = this.#names.get(key) ?? [];
    const names = (built ?? []).map(({ name }) => name);
    for (const name of before) this.#parts.get(name)?.delete(key);
    for (const part of built ?? []) {
      const parts = this.#parts.get(part.name) ?? new Map<string, BuiltService>();
      this.#parts.set(part.name, parts.set(key, part));
    }
    if (names.length === 0) this.#names.delete(key);
    else this.#names.set(key, names);
    for (const name of new Set([...before, ...names])) this.#settle(name, departure);
  }

  /** All was read anew: it is told as a whole, after what waits and says why endpoints have gone. */
  reset(): void {
    this.#reset = true;
  }

  /** What was not told yet. */
  *take(): Generator<SourceChange> {
    const waiting = [...this.#waiting];
    const reset = this.#reset;
    this.#waiting.clear();
    this.#reset = false;
    for (const [name, departed] of waiting) {
      const service = this.#services.get(name);
      yield service === undefined
        ? { type: 'remove', name, departed }
        : { type: 'upsert', service, departed };
    }
    if (reset) yield { type: 'reset', services: [...this.#services.values()] };
  }

  /** Everything, as a first reset. */
  begin(): SourceChange {
    this.#waiting.clear();
    this.#reset = false;
    return { type: 'reset', services: [...this.#services.values()] };
  }

  #settle(name: string, departure: Departure): void {
    const parts = [...(this.#parts.get(name)?.values() ?? [])];
    if (parts.length === 0) this.#parts.delete(name);
    const before = this.#services.get(name);
    const after: Service | undefined =
      parts.length === 0
        ? undefined
        : {
            name,
            protocol: parts[0]!.protocol,
            endpoints: together(parts),
            ...hostsOf(parts),
          };
    if (before === undefined && after === undefined) return;
    if (before !== undefined && after !== undefined && sameService(before, after)) return;
    if (after === undefined) this.#services.delete(name);
    else this.#services.set(name, after);
    const there = new Set(after?.endpoints.map(({ id }) => id));
    const departed = this.#waiting.get(name) ?? new Map<string, Departure>();
    for (const id of there) departed.delete(id);
    for (const { id } of before?.endpoints ?? []) if (!there.has(id)) departed.set(id, departure);
    this.#waiting.set(name, departed);
  }
}

/** The host names of all Services of one name. */
function hostsOf(parts: readonly BuiltService[]): Pick<Service, 'hosts'> {
  const [first] = parts;
  const hosts =
    parts.length === 1 ? first?.hosts : statedHosts(parts.flatMap((part) => part.hosts ?? []));
  return hosts === undefined ? {} : { hosts };
}

/** Endpoints of several Services of one name; where two name one place, the first has it. */
function together(parts: readonly BuiltService[]): readonly Endpoint[] {
  if (parts.length === 1) return parts[0]!.endpoints;
  const places = new Set<string>();
  return parts
    .flatMap(({ endpoints }) => endpoints)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ address, port }, i, all) => {
      const place = `${address} ${port}`;
      if (places.has(place) || all[i - 1]?.id === all[i]!.id) return false;
      places.add(place);
      return true;
    });
}
