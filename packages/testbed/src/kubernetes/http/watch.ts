import type { ServerResponse } from 'node:http';
import { ApiError, expired, invalid } from '../api-error.ts';
import type { JsonObject, KubernetesObject } from '../object.ts';
import { versioned } from '../resources/object-checks.ts';
import { apiVersionOf, type ResourceType } from '../resources/resource-type.ts';
import type { Selector } from '../storage/selector.ts';
import type { Change } from '../storage/storage.ts';
import { type ListRequest, parseRevision } from './list.ts';
import { isTrue } from './request-info.ts';

/** How watches behave; milliseconds. */
export interface WatchSettings {
  readonly bookmarks: number;
  /** How long before its end a watch gets its last bookmark. */
  readonly lastBookmark: number;
}

/** What is done to events on their way, for tests. */
export interface Disturbance {
  /** Share of events that come twice. */
  readonly duplicates: number;
  /** Share of events that change places with the one of another object that follows. */
  readonly swaps: number;
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** One watch that somebody has open. */
export class Watch {
  readonly path: string;
  readonly #type: ResourceType;
  readonly #response: ServerResponse;
  readonly #selects: Selector;
  readonly #namespace: string | undefined;
  readonly #end = new AbortController();
  #revision = 0;
  #silent = false;
  #held: string | undefined;
  #heldName: string | undefined;
  disturbance: Disturbance | undefined;

  constructor(path: string, request: ListRequest, response: ServerResponse) {
    this.path = path;
    this.#type = request.type;
    this.#selects = request.selects;
    this.#namespace = request.namespace;
    this.#response = response;
  }

  /** Resolves when it has ended. */
  async run({ storage, query }: ListRequest, settings: WatchSettings): Promise<void> {
    const asked = query.get('resourceVersion') ?? '';
    const from = asked === '' ? 0 : parseRevision(asked);
    if (from === undefined)
      throw new ApiError(
        500,
        '',
        `resourceVersion: Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`,
      );
    if (query.has('sendInitialEvents'))
      throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, [
        {
          field: 'sendInitialEvents',
          message:
            'Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
          reason: 'FieldValueForbidden',
        },
      ]);
    this.#response.writeHead(200, { 'content-type': 'application/json' });
    this.#response.flushHeaders();
    this.#response.on('close', () => this.#end.abort());
    if (from !== 0 && from < storage.oldest) {
      this.#send('ERROR', expired(`too old resource version: ${from} (${storage.oldest})`).status);
      this.#response.end();
      return;
    }
    const wait = this.#ended();
    if (from === 0)
      for (const key of storage.keys) {
        const object = storage.get(key)!;
        if (this.#sees(object)) this.#send('ADDED', this.#told(object));
      }
    else for (const change of storage.since(from)) this.#tell(change);
    this.#revision = Math.max(from, storage.revision);
    using _following = storage.follow((change) => {
      // A watch from a revision that isn't there yet is silent until it is.
      if (change.revision > from) this.#tell(change);
    });
    const seconds = Number(query.get('timeoutSeconds') ?? 0);
    const timeout = seconds > 0 ? seconds * 1_000 : 1_800_000 * (1 + Math.random());
    const timers: NodeJS.Timeout[] = [setTimeout(() => this.end(), timeout)];
    if (isTrue(query.get('allowWatchBookmarks') ?? 'false')) {
      const bookmark = () => this.#bookmark(Math.max(this.#revision, storage.revision));
      timers.push(
        setInterval(bookmark, settings.bookmarks),
        setTimeout(bookmark, Math.max(0, timeout - settings.lastBookmark)),
      );
    }
    await wait;
    for (const timer of timers) clearTimeout(timer);
  }

  /** Ends it as a server does whose time is up. */
  end(): void {
    this.#flush();
    this.#response.end();
    this.#end.abort();
  }

  /** Breaks the connection. */
  cut(): void {
    this.#response.destroy();
    this.#end.abort();
  }

  /** It stays open, and nothing comes any more. */
  silence(): void {
    this.#silent = true;
  }

  /** Says that its revision is too old, and ends. */
  expire(): void {
    this.#send(
      'ERROR',
      expired(`too old resource version: ${this.#revision} (${this.#revision + 1})`).status,
    );
    this.end();
  }

  #ended(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end.signal.addEventListener('abort', () => resolve(), { once: true });
    return promise;
  }

  #sees(object: KubernetesObject): boolean {
    if (this.#namespace !== undefined && object.metadata.namespace !== this.#namespace)
      return false;
    return this.#selects(object);
  }

  /** What begins to be selected is added, and what ends to be is deleted. */
  #tell({ object, previous, type, revision }: Change): void {
    this.#revision = revision;
    const before = previous !== undefined && this.#sees(previous);
    const now = type !== 'DELETED' && this.#sees(object);
    if (!before && !now) return;
    const kind: EventType = !now ? 'DELETED' : before ? 'MODIFIED' : 'ADDED';
    const shown = now || type === 'DELETED' ? object : withRevisionOf(previous!, object);
    this.#send(kind, this.#told(shown), `${object.metadata.namespace}/${object.metadata.name}`);
  }

  #told(object: KubernetesObject): KubernetesObject {
    return versioned(object, this.#type);
  }

  #bookmark(revision: number): void {
    const { kind, custom } = this.#type;
    this.#send('BOOKMARK', {
      kind,
      apiVersion: apiVersionOf(this.#type),
      metadata: { resourceVersion: String(revision), creationTimestamp: null },
      ...(custom !== true && kind === 'Service' && { spec: {}, status: { loadBalancer: {} } }),
      ...(kind === 'EndpointSlice' && { addressType: '', endpoints: null, ports: null }),
    });
  }

  #send(type: EventType, object: JsonObject, name?: string): void {
    if (this.#silent || this.#response.writableEnded || this.#response.destroyed) return;
    const line = `${JSON.stringify({ type, object })}\n`;
    const { duplicates = 0, swaps = 0 } = this.disturbance ?? {};
    // Events of one object keep their order; what they are exchanged with is another's.
    if (this.#held !== undefined && name !== undefined && name !== this.#heldName) {
      // In one piece, so that a cut never parts them.
      const held = this.#held;
      this.#held = undefined;
      this.#response.write(line + held);
      return;
    }
    this.#flush();
    if (name !== undefined && Math.random() < swaps) {
      this.#held = line;
      this.#heldName = name;
      setTimeout(() => this.#flush(), 20);
      return;
    }
    this.#response.write(line);
    if (name !== undefined && Math.random() < duplicates) this.#response.write(line);
  }

  #flush(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && !this.#response.writableEnded && !this.#response.destroyed)
      this.#response.write(held);
  }
}

function withRevisionOf(object: KubernetesObject, newer: KubernetesObject): KubernetesObject {
  const { resourceVersion } = newer.metadata;
  return { ...object, metadata: { ...object.metadata, resourceVersion: resourceVersion! } };
}
