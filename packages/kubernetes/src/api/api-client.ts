import { type Dispatcher, errors } from 'undici';
import { type Access, type AccessOptions, readAccess } from './access.ts';
import { Dispatchers } from './dispatchers.ts';
import { KubernetesError } from './kubernetes-error.ts';
import { readList } from './list-stream.ts';
import type { KubernetesObject, ObjectList } from './objects.ts';
import { apiVersionOf, pathOf, type Resource } from './resource.ts';
import { lines, type WatchEvent } from './watch-event.ts';

/** How a client is made. */
export interface ApiClientOptions extends AccessOptions {
  /** How long an answer may take, watches excepted, in milliseconds. Default 30,000. */
  readonly timeout?: number | undefined;
  /** Whose writes they are, in `managedFields`. Default `meshkeeper`. */
  readonly fieldManager?: string | undefined;
}

/** Where a request goes, and until when. */
export interface Place {
  /** Of resources that have one. Reads without it are of all namespaces. */
  readonly namespace?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What of a resource is read. */
export interface Selection extends Place {
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

/** Which page of a list. */
export interface ListOptions extends Selection {
  /** Objects at most; more come with `continue`. Default: all. */
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan' | undefined;
}

/** How long a watch lasts. */
export interface WatchOptions extends Selection {
  /** The server ends it after so many seconds. */
  readonly timeoutSeconds?: number | undefined;
}

/** Which part of an object is written, and how. */
export interface WriteOptions extends Place {
  readonly subresource?: 'status' | undefined;
  /** Nothing is stored; the answer is as if it were. Default false. */
  readonly dryRun?: boolean | undefined;
}

/** Kinds of patches. Custom resources have no strategic ones. */
export type PatchType = 'merge' | 'json' | 'strategic';

const PATCH: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

interface Request {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of an API server: the few calls that are needed, over connections that are kept. Every
 * method throws `KubernetesError`, or the reason of its signal.
 */
export class ApiClient implements AsyncDisposable {
  readonly #access: Access;
  readonly #timeout: number;
  readonly #fieldManager: string;
  readonly #dispatchers: Dispatchers;

  private constructor(access: Access, { timeout, fieldManager }: ApiClientOptions) {
    this.#access = access;
    this.#timeout = timeout ?? 30_000;
    this.#fieldManager = fieldManager ?? 'meshkeeper';
    this.#dispatchers = new Dispatchers(access.proxy, this.#timeout);
  }

  /**
   * Reads the configuration. Nothing is asked yet.
   * @throws KubernetesError `NO_CONFIGURATION`
   */
  static async open(options: ApiClientOptions = {}): Promise<ApiClient> {
    return new ApiClient(await readAccess(options), options);
  }

  /** The namespace of the context, or of the pod that this runs in. */
  get namespace(): string {
    return this.#access.namespace;
  }

  /** The server's address. */
  get server(): string {
    return this.#access.server;
  }

  get<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    { namespace, signal }: Place = {},
  ): Promise<T> {
    return this.#call({ method: 'GET', path: pathOf(resource, namespace, name), signal });
  }

  /** A page of a list: all of it without `limit`. */
  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const items: T[] = [];
    const metadata = await this.listEach(resource, options, (object) => items.push(object));
    return { metadata, items };
  }

  /**
   * The same for many: each object is told as it is read, and need not be held. Of a page that fails
   * under way some were told.
   */
  async listEach<T extends KubernetesObject>(
    resource: Resource<T>,
    { namespace, signal, ...query }: ListOptions,
    each: (object: T) => void,
  ): Promise<ObjectList<T>['metadata']> {
    const path = pathOf(resource, namespace);
    const request: Request = { method: 'GET', path, query: { ...query }, signal };
    const body = await this.#send(request, false);
    let list: unknown;
    try {
      list = await readList(body, (item) => each(item as T));
    } catch (error) {
      body.destroy();
      if (error instanceof SyntaxError) throw notJson(path, error);
      throw failed(error, request);
    }
    const { metadata } = (list ?? {}) as Partial<ObjectList<T>>;
    if (metadata === undefined)
      throw new KubernetesError('MALFORMED', `${path}: the answer is no list`);
    return metadata;
  }

  create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    { namespace = object.metadata.namespace, signal, dryRun }: WriteOptions = {},
  ): Promise<T> {
    const path = pathOf(resource, namespace);
    return this.#call({
      ...{ method: 'POST', path, signal },
      query: this.#written(dryRun),
      body: typed(resource, object),
    });
  }

  /** Replaces it; only if it is still of the resourceVersion that it says, where it says one. */
  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    { namespace = object.metadata.namespace, signal, subresource, dryRun }: WriteOptions = {},
  ): Promise<T> {
    const path = pathOf(resource, namespace, object.metadata.name, subresource);
    return this.#call({
      ...{ method: 'PUT', path, signal },
      query: this.#written(dryRun),
      body: typed(resource, object),
    });
  }

  patch<T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    patch: unknown,
    {
      type = 'merge',
      namespace,
      signal,
      subresource,
      dryRun,
    }: WriteOptions & { type?: PatchType } = {},
  ): Promise<T> {
    return this.#call({
      ...{ method: 'PATCH', path: pathOf(resource, namespace, name, subresource), signal },
      query: this.#written(dryRun),
      body: patch,
      contentType: PATCH[type],
    });
  }

  /** Server-side apply. `force`: takes fields from other managers instead of failing with `Conflict`. */
  apply<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    {
      namespace = object.metadata.namespace,
      signal,
      subresource,
      dryRun,
      force,
    }: WriteOptions & { force?: boolean } = {},
  ): Promise<T> {
    return this.#call({
      ...{ method: 'PATCH', path: pathOf(resource, namespace, object.metadata.name, subresource) },
      query: { ...this.#written(dryRun), force },
      body: typed(resource, object),
      contentType: 'application/apply-patch+yaml',
      signal,
    });
  }

  /** Deletes it: only that very object, where a uid or a resourceVersion is named. */
  async delete(
    resource: Resource,
    name: string,
    {
      namespace,
      signal,
      ...preconditions
    }: Place & { uid?: string | undefined; resourceVersion?: string | undefined } = {},
  ): Promise<void> {
    const path = pathOf(resource, namespace, name);
    await this.#call({ method: 'DELETE', path, body: { preconditions }, signal });
  }

  /**
   * The events of a watch, until it ends, which it does after minutes; an `ERROR` is told as it comes.
   * Begins after `resourceVersion`.
   */
  async *watch<T extends KubernetesObject>(
    resource: Resource<T>,
    { namespace, signal, ...query }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const path = pathOf(resource, namespace);
    const request: Request = {
      ...{ method: 'GET', path, signal },
      query: { ...query, watch: true, allowWatchBookmarks: true },
    };
    const body = await this.#send(request, true);
    try {
      for await (const line of lines(body)) {
        if (line !== '') yield parse(line, path) as WatchEvent<T>;
      }
    } catch (error) {
      throw failed(error, request);
    } finally {
      body.destroy();
    }
  }

  /** Ends it: requests that are on their way fail. Idempotent. */
  async close(): Promise<void> {
    await this.#dispatchers.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #written(dryRun: boolean | undefined) {
    return { fieldManager: this.#fieldManager, dryRun: dryRun === true ? 'All' : undefined };
  }

  async #call<T>(request: Request): Promise<T> {
    const body = await this.#send(request, false);
    let text: string;
    try {
      text = await body.text();
    } catch (error) {
      throw failed(error, request);
    }
    return parse(text, request.path) as T;
  }

  /** The body of an answer that is none of failure. */
  async #send(request: Request, isWatch: boolean): Promise<Dispatcher.ResponseData['body']> {
    const { method, path, query = {}, body, contentType, signal } = request;
    signal?.throwIfAborted();
    const { headers, tls } = await this.#access.credentials();
    const stated = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(
      stated.map(([name, value]): [string, string] => [name, String(value)]),
    );
    const url = `${this.#access.server}${path}${search.size === 0 ? '' : `?${search}`}`;
    const { origin, pathname, search: asked } = new URL(url);
    let answer: Dispatcher.ResponseData;
    try {
      answer = await this.#dispatchers.for(tls).request({
        ...{ origin, path: pathname + asked, method },
        headersTimeout: this.#timeout,
        bodyTimeout: isWatch ? 0 : this.#timeout,
        headers: {
          ...headers,
          accept: 'application/json',
          'user-agent': 'meshkeeper',
          ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      });
    } catch (error) {
      throw failed(error, request);
    }
    if (answer.statusCode < 300) return answer.body;
    throw await refused(answer, request);
  }
}

function typed<T extends KubernetesObject>(resource: Resource<T>, object: T): T {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(path, cause);
  }
}

function notJson(path: string, cause: unknown): KubernetesError {
  return new KubernetesError('MALFORMED', `${path}: the answer is no JSON`, { cause });
}

async function refused(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  { method, path, signal }: Request,
): Promise<KubernetesError> {
  let told: {
    reason?: string;
    message?: string;
    metadata?: { continue?: string };
    details?: {
      retryAfterSeconds?: number;
      causes?: { field?: string; message?: string }[];
    };
  } = {};
  try {
    told = (await body.json()) as typeof told;
  } catch {
    // A proxy on the way, for instance, doesn't answer as the API does.
    signal?.throwIfAborted();
  }
  const { reason = '', message, metadata, details } = told;
  const after = Number(headers['retry-after'] ?? details?.retryAfterSeconds ?? Number.NaN);
  return new KubernetesError(
    'STATUS',
    `${method} ${path}: ${statusCode}${message === undefined ? '' : `, ${message}`}`,
    {
      refusal: {
        status: statusCode,
        reason,
        retryAfter: Number.isFinite(after) ? after * 1_000 : undefined,
        continueToken: metadata?.continue,
        causes: details?.causes?.map(({ field = '', message: what = '' }) => ({
          field,
          message: what,
        })),
      },
    },
  );
}

function failed(error: unknown, { method, path, signal }: Request): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof KubernetesError) return error;
  const isLate =
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof errors.ConnectTimeoutError;
  return new KubernetesError(
    isLate ? 'TIMEOUT' : 'UNREACHABLE',
    `${method} ${path}: ${(error as Error).message}`,
    { cause: error },
  );
}
