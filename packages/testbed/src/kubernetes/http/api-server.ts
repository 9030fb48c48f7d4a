import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authorizer } from '../access/authorizer.ts';
import type { User } from '../access/user.ts';
import { type Reach, Webhooks } from '../admission/webhooks.ts';
import {
  ApiError,
  badOption,
  badRequest,
  forbidden,
  internal,
  methodNotAllowed,
  noSuchResource,
  tooManyRequests,
  unauthorized,
  unsupportedMediaType,
} from '../api-error.ts';
import { FaultTable, type RequestRecord } from '../faults.ts';
import { isObject, type Json, type JsonObject, type KubernetesObject } from '../object.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import type { ResourceCatalog } from '../resources/catalog.ts';
import { ObjectApi, type Write } from '../resources/object-api.ts';
import { apiVersionOf, type Cluster, type ResourceType } from '../resources/resource-type.ts';
import { fieldSelector, labelSelector } from '../storage/selector.ts';
import { keyOf } from '../storage/storage.ts';
import { send, success } from './answer.ts';
import { createdOnly } from './created-only.ts';
import { discovery } from './discovery.ts';
import { type ListRequest, listObjects, parseRevision } from './list.ts';
import { readBody, readJson, readObject } from './request-body.ts';
import { isDryRun, isTrue, type RequestInfo, requestInfo } from './request-info.ts';
import { type Disturbance, Watch, type WatchSettings } from './watch.ts';

/** How the API answers. */
export interface ApiServerOptions {
  readonly catalog: ResourceCatalog;
  readonly cluster: Cluster;
  readonly reach: Reach;
  /** Who has which token. */
  readonly tokens: Map<string, User>;
  readonly watches: WatchSettings;
  /** How long a list waits for a revision that isn't there yet, in milliseconds. */
  readonly patience: number;
}

type Resource = NonNullable<RequestInfo['resource']>;

/** Requests that are remembered. */
const RECORDED = 50_000;

/** What is done with a request, from its authentication to its answer. */
export class ApiServer {
  readonly faults = new FaultTable();
  readonly requests: RequestRecord[] = [];
  readonly watches = new Set<Watch>();
  disturbance: Disturbance | undefined;
  /** While this is there, nothing is answered. */
  paused: Promise<void> | undefined;
  readonly #options: ApiServerOptions;
  readonly #objects: ObjectApi;
  readonly #authorizer: Authorizer;
  readonly #webhooks: Webhooks;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#objects = new ObjectApi(options.catalog, options.cluster);
    this.#authorizer = new Authorizer(options.catalog);
    this.#webhooks = new Webhooks(options.catalog, options.reach);
  }

  /** Never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.paused;
      await this.#answer(request, response);
    } catch (error) {
      const failure = error instanceof ApiError ? error : internal(String(error));
      if (response.headersSent) response.destroy();
      else send(response, failure.code, failure.status, failure.headers);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const info = requestInfo(request.method ?? 'GET', request.url ?? '/');
    const user = this.#authenticate(request.headers.authorization);
    const record = this.#record(info, user, response);
    for (const fault of this.faults.meet(record)) {
      if (fault.type === 'delay') await sleep(fault.duration);
      else if (fault.type === 'lose') response.end = () => response.destroy();
      else if (fault.code === 429) throw tooManyRequests(fault.retryAfter ?? 1);
      else
        throw new ApiError(fault.code, fault.reason ?? 'InternalError', 'a fault of the test', {
          ...(fault.retryAfter !== undefined && {
            headers: { 'retry-after': String(fault.retryAfter) },
          }),
        });
    }
    this.#authorize(user, info);
    if (info.resource === undefined) return this.#other(info, response);
    const { resource } = info;
    const created = await createdOnly(info, resource, user, request, this.#authorizer, (who) =>
      this.token(who),
    );
    if (created !== undefined) return send(response, 201, created);
    const type = this.#options.catalog.find(resource.group, resource.version, resource.plural);
    if (type === undefined) throw noSuchResource();
    if (!['', 'status', 'finalize'].includes(resource.subresource)) throw noSuchResource();
    if (resource.subresource === 'status' && type.status !== true) throw noSuchResource();
    if (resource.name !== '' && type.namespaced && resource.namespace === undefined)
      throw noSuchResource();
    if (!type.namespaced && resource.namespace !== undefined) throw noSuchResource();
    if (info.verb === 'watch') return this.#watch(info, type, resource, response);
    if (info.verb === 'list')
      return send(response, 200, await this.#list(this.#listRequest(info, type, resource)));
    if (info.verb === 'get') {
      const asked = Number(info.query.get('resourceVersion') ?? 0);
      const storage = this.#options.catalog.storage(type);
      if (asked > storage.revision) await this.#list(this.#listRequest(info, type, resource));
      return send(response, 200, this.#objects.get(type, resource.namespace, resource.name));
    }
    return this.#write(info, type, resource, user, request, response);
  }

  #record({ verb, path, query, resource }: RequestInfo, user: User, response: ServerResponse) {
    const record: RequestRecord = {
      verb,
      resource: resource?.plural ?? '',
      namespace: resource?.namespace,
      name: resource?.name ?? '',
      subresource: resource?.subresource ?? '',
      path,
      query: query.toString(),
      user: user.name,
      status: 0,
    };
    if (this.requests.length >= RECORDED) this.requests.splice(0, RECORDED / 2);
    this.requests.push(record);
    response.on('close', () => {
      record.status = response.statusCode;
    });
    return record;
  }

  #authenticate(authorization: string | undefined): User {
    if (authorization === undefined)
      return { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const user = this.#options.tokens.get(token ?? '');
    if (user === undefined) throw unauthorized();
    return user;
  }

  #authorize(user: User, { verb, path, resource }: RequestInfo): void {
    if (resource === undefined) {
      const action = { group: '', resource: '', subresource: '', namespace: undefined, name: '' };
      if (this.#authorizer.allows(user, { ...action, verb, path })) return;
      throw new ApiError(
        403,
        'Forbidden',
        `forbidden: User "${user.name}" cannot ${verb} path "${path}"`,
      );
    }
    const { group, plural, subresource, namespace, name } = resource;
    // A list or a watch of one name is of that object.
    const action = { verb, group, resource: plural, subresource, namespace, name };
    if (this.#authorizer.allows(user, action)) return;
    const where =
      namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    const what = subresource === '' ? plural : `${plural}/${subresource}`;
    throw forbidden(
      { group, kind: plural, name },
      `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`,
    );
  }

  #other({ path }: RequestInfo, response: ServerResponse): void {
    if (['/healthz', '/livez', '/readyz'].includes(path)) {
      response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
      return;
    }
    const found = discovery(path, this.#options.catalog);
    if (found === undefined) throw noSuchResource();
    send(response, 200, found);
  }

  /** A token for somebody. */
  token(user: User): string {
    const token = Buffer.from(`${user.name}.${this.#options.tokens.size}`).toString('base64url');
    this.#options.tokens.set(token, user);
    return token;
  }

  #listRequest(
    { query }: RequestInfo,
    type: ResourceType,
    { namespace, name }: Resource,
  ): ListRequest {
    const fields = ['metadata.name', 'metadata.namespace', ...(type.fields ?? [])];
    const byLabel = labelSelector(query.get('labelSelector') ?? '');
    const byField = fieldSelector(query.get('fieldSelector') ?? '', fields);
    return {
      type,
      namespace,
      query,
      storage: this.#options.catalog.storage(type),
      selects: (object) =>
        byLabel(object) && byField(object) && (name === '' || object.metadata.name === name),
    };
  }

  /** Waits for a revision that isn't there yet before it says so. */
  async #list(request: ListRequest): Promise<JsonObject> {
    const asked = parseRevision(request.query.get('resourceVersion') ?? '') ?? 0;
    const deadline = Date.now() + this.#options.patience;
    while (asked > request.storage.revision && Date.now() < deadline) await sleep(20);
    return listObjects(request);
  }

  async #watch(
    info: RequestInfo,
    type: ResourceType,
    resource: Resource,
    response: ServerResponse,
  ): Promise<void> {
    const request = this.#listRequest(info, type, resource);
    const watch = new Watch(info.path, request, response);
    watch.disturbance = this.disturbance;
    this.watches.add(watch);
    try {
      await watch.run(request, this.#options.watches);
    } finally {
      this.watches.delete(watch);
    }
  }

  async #write(
    info: RequestInfo,
    type: ResourceType,
    { namespace, name, subresource }: Resource,
    user: User,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { query, verb } = info;
    const agent = (request.headers['user-agent'] ?? 'unknown').split('/')[0]!;
    const dryRun = isDryRun(info);
    const warnings: string[] = [];
    const write: Write = {
      type,
      namespace,
      subresource,
      manager: query.get('fieldManager') ?? agent,
      dryRun,
      fieldValidation: (query.get('fieldValidation') ?? 'Warn') as Write['fieldValidation'],
      warnings,
      admit: (operation, object, old) =>
        this.#webhooks.admit(
          { operation, type, subresource, namespace, object, old, user, dryRun },
          warnings,
        ),
    };
    const done = (code: number, body: JsonObject) =>
      send(response, code, body, {
        ...(warnings.length > 0 && {
          warning: warnings.map((warning) => `299 - ${JSON.stringify(warning)}`),
        }),
      });
    if (verb === 'create') {
      if (name !== '') throw methodNotAllowed();
      if (type.namespaced && namespace === undefined)
        throw badRequest('an empty namespace may not be set during creation');
      return done(201, await this.#objects.create(await readObject(request, type.kind), write));
    }
    if (verb === 'deletecollection') return done(200, await this.#deleteAll(info, write));
    if (name === '') throw methodNotAllowed();
    if (verb === 'update') {
      const { object, created } = await this.#objects.update(
        name,
        await readObject(request, type.kind),
        write,
      );
      return done(created ? 201 : 200, object);
    }
    if (verb === 'delete') {
      const { object, gone } = await this.#objects.delete(name, await readBody(request), write);
      if (!gone || type.returnsDeleted === true) return done(200, object);
      return done(200, success(type, object));
    }
    if (verb === 'patch') {
      const { object, created } = await this.#patch(name, write, query, request);
      return done(created ? 201 : 200, object);
    }
    throw methodNotAllowed();
  }

  async #deleteAll({ query }: RequestInfo, write: Write): Promise<JsonObject> {
    const { type, namespace } = write;
    const resource = { ...type, namespace, name: '', subresource: '' };
    const { storage, selects } = this.#listRequest({ query } as RequestInfo, type, resource);
    const items: KubernetesObject[] = [];
    for (const key of storage.keys) {
      const object = storage.get(key)!;
      if (namespace !== undefined && object.metadata.namespace !== namespace) continue;
      if (!selects(object)) continue;
      const inIts = { ...write, namespace: object.metadata.namespace };
      await this.#objects.delete(object.metadata.name, {}, inIts);
      items.push(object);
    }
    return {
      kind: `${type.kind}List`,
      apiVersion: apiVersionOf(type),
      metadata: { resourceVersion: String(storage.revision) },
      items,
    };
  }

  async #patch(name: string, write: Write, query: URLSearchParams, request: IncomingMessage) {
    const { type, namespace } = write;
    const kind = (request.headers['content-type'] ?? '').split(';')[0]!.trim();
    const patch = await readJson(request);
    if (kind === 'application/apply-patch+yaml') {
      if (!query.has('fieldManager'))
        throw badOption('PatchOptions', {
          field: 'fieldManager',
          message: 'Required value: is required for apply patch',
          reason: 'FieldValueRequired',
        });
      const force = isTrue(query.get('force') ?? 'false');
      return this.#objects.apply(name, patch as KubernetesObject, force, write);
    }
    const patched = (old: KubernetesObject): Json => {
      if (kind === 'application/json-patch+json') return jsonPatch(old, patch);
      if (kind === 'application/merge-patch+json') return structuredClone(mergePatch(old, patch));
      if (kind === 'application/strategic-merge-patch+json' && type.custom !== true)
        return structuredClone(strategicMerge(old, patch, this.#objects.ruleOf(type)));
      throw unsupportedMediaType([
        'application/json-patch+json',
        'application/merge-patch+json',
        'application/apply-patch+yaml',
      ]);
    };
    const storage = this.#options.catalog.storage(type);
    // As the server does, a patch that states no revision is tried again on a conflict.
    for (let tries = 5; ; tries--) {
      const old = storage.get(keyOf(namespace, name));
      this.#objects.get(type, namespace, name);
      const wanted = patched({ ...old!, apiVersion: apiVersionOf(type) }) as KubernetesObject;
      if (!isObject(wanted) || wanted.metadata?.name !== name)
        throw badRequest('the patch changes what the object is called');
      try {
        return { object: await this.#objects.replace(old!, wanted, write), created: false };
      } catch (error) {
        const isConflict = error instanceof ApiError && error.reason === 'Conflict';
        if (!isConflict || tries === 0 || storage.get(keyOf(namespace, name)) === old) throw error;
      }
    }
  }
}
