import { randomUUID } from 'node:crypto';
import {
  ApiError,
  alreadyExists,
  badRequest,
  type Cause,
  conflict,
  internal,
  invalid,
  notFound,
  type Subject,
} from '../api-error.ts';
import {
  canonical,
  isObject,
  type JsonObject,
  type KubernetesObject,
  type ObjectMeta,
  part,
} from '../object.ts';
import { applyObject } from '../patch/apply.ts';
import { LISTS } from '../patch/list-rules.ts';
import { ManagedFields } from '../patch/managed-fields.ts';
import type { RuleOf } from '../patch/strategic-merge.ts';
import { prune, setDefaults } from '../schema/prune.ts';
import { validate } from '../schema/validate.ts';
import { keyOf } from '../storage/storage.ts';
import type { ResourceCatalog } from './catalog.ts';
import { ruleOfSchema } from './custom.ts';
import { metadataFaults, nameFaults } from './names.ts';
import { apiVersionOf, type Cluster, type ResourceType } from './resource-type.ts';

/** What a write is about, and how it is meant. */
export interface Write {
  readonly type: ResourceType;
  readonly namespace: string | undefined;
  readonly subresource: string;
  readonly manager: string;
  readonly dryRun: boolean;
  /** What happens to unknown fields: 400, a warning, or nothing. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
  /** Collects what the caller is warned of. */
  readonly warnings: string[];
  /** Webhooks: gives the object as they want it. */
  readonly admit: (
    operation: 'CREATE' | 'UPDATE' | 'DELETE',
    object: KubernetesObject | undefined,
    old: KubernetesObject | undefined,
  ) => Promise<KubernetesObject | undefined>;
}

/** Writes of objects, as all resources have them. */
export class ObjectApi {
  readonly #catalog: ResourceCatalog;
  readonly #cluster: Cluster;

  constructor(catalog: ResourceCatalog, cluster: Cluster) {
    this.#catalog = catalog;
    this.#cluster = cluster;
  }

  /**
   * @throws ApiError 404
   */
  get(type: ResourceType, namespace: string | undefined, name: string): KubernetesObject {
    const found = this.#catalog.storage(type).get(keyOf(namespace, name));
    if (found === undefined) throw notFound(subjectOf(type, name));
    return versioned(found, type);
  }

  /** @param managed whose fields they are; without it, all are the writer's */
  async create(
    body: KubernetesObject,
    write: Write,
    managed?: ManagedFields,
  ): Promise<KubernetesObject> {
    const { type, namespace } = write;
    this.#checkBody(body, write);
    const { metadata } = body;
    if ((metadata.name ?? '') === '' && metadata.generateName !== undefined)
      metadata.name = metadata.generateName + randomUUID().replaceAll('-', '').slice(0, 5);
    if ((metadata.resourceVersion ?? '') !== '')
      throw badRequest('resourceVersion should not be set on objects to be created');
    if (namespace !== undefined) this.#checkNamespace(namespace, type, metadata.name ?? '');
    this.#clean(body, write);
    if (type.status === true && type.custom === true) delete body.status;
    this.#initialise(body, type);
    const admitted = (await write.admit('CREATE', body, undefined)) ?? body;
    type.prepare?.(admitted, undefined, this.#cluster);
    this.#check(admitted, undefined, type);
    const storage = this.#catalog.storage(type);
    const key = keyOf(namespace, admitted.metadata.name);
    if (storage.get(key) !== undefined)
      throw alreadyExists(subjectOf(type, admitted.metadata.name));
    if (managed === undefined) this.#own(admitted, undefined, write);
    else this.#setManaged(admitted, managed, type);
    if (write.dryRun) return admitted;
    return versioned(storage.put(key, admitted), type);
  }

  async update(
    name: string,
    body: KubernetesObject,
    write: Write,
  ): Promise<{ object: KubernetesObject; created: boolean }> {
    const { type, namespace, subresource } = write;
    this.#checkBody(body, write);
    if ((body.metadata.name ?? '') === '') body.metadata.name = name;
    if (body.metadata.name !== name)
      throw badRequest(
        `the name of the object (${body.metadata.name}) does not match the name on the URL (${name})`,
      );
    const storage = this.#catalog.storage(type);
    const key = keyOf(namespace, name);
    const old = storage.get(key);
    if (old === undefined) {
      if (type.createOnUpdate !== true || subresource !== '') throw notFound(subjectOf(type, name));
      if (body.metadata.uid !== undefined)
        throw conflict(
          subjectOf(type, name),
          `Precondition failed: UID in precondition: ${body.metadata.uid}, UID in object meta: `,
        );
      delete body.metadata.resourceVersion;
      return { object: await this.create(body, write), created: true };
    }
    const stated = body.metadata.resourceVersion ?? '';
    if (stated === '' && type.unconditionalUpdate === false)
      throw invalid(kindOf(type, name), [
        {
          field: 'metadata.resourceVersion',
          message: 'Invalid value: 0x0: must be specified for an update',
        },
      ]);
    return { object: await this.replace(old, body, write), created: false };
  }

  /** Makes `wanted` of what is there; its resourceVersion, where it says one, has to be that one's. */
  async replace(
    old: KubernetesObject,
    wanted: KubernetesObject,
    write: Write,
    managed?: ManagedFields,
  ): Promise<KubernetesObject> {
    const { type, namespace, subresource } = write;
    const { name, uid, resourceVersion } = old.metadata;
    const stated = wanted.metadata.resourceVersion ?? '';
    if (stated !== '' && stated !== resourceVersion) throw conflict(subjectOf(type, name));
    if (wanted.metadata.uid !== undefined && wanted.metadata.uid !== uid)
      throw conflict(
        subjectOf(type, name),
        `Precondition failed: UID in precondition: ${wanted.metadata.uid}, UID in object meta: ${uid}`,
      );
    this.#clean(wanted, write);
    const next = this.#merged(old, wanted, type, subresource);
    const admitted = (await write.admit('UPDATE', next, old)) ?? next;
    type.prepare?.(admitted, old, this.#cluster);
    this.#check(admitted, old, type);
    const storage = this.#catalog.storage(type);
    const key = keyOf(namespace, name);
    // A webhook takes time: another may have written meanwhile.
    const now = storage.get(key);
    if (now === undefined) throw notFound(subjectOf(type, name));
    if (now !== old) throw conflict(subjectOf(type, name));
    const { generation = 1 } = old.metadata;
    if (type.generation === true)
      admitted.metadata.generation =
        canonical(content(admitted)) === canonical(content(old)) ? generation : generation + 1;
    if (same(admitted, old)) return versioned(old, type);
    if (managed === undefined) this.#own(admitted, old, write);
    else this.#setManaged(admitted, managed, type);
    if (write.dryRun) return versioned(admitted, type);
    const { deletionTimestamp, finalizers = [] } = admitted.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0 && !holdsContent(admitted)) {
      storage.delete(key);
      return versioned(admitted, type);
    }
    return versioned(storage.put(key, admitted), type);
  }

  async apply(
    name: string,
    wanted: KubernetesObject,
    force: boolean,
    write: Write,
  ): Promise<{ object: KubernetesObject; created: boolean }> {
    const { type, namespace, subresource } = write;
    wanted.metadata = { ...(wanted.metadata ?? {}), name } as ObjectMeta;
    if (wanted.metadata.managedFields !== undefined)
      throw badRequest('metadata.managedFields must be nil');
    this.#checkBody(wanted, write);
    const { schema, custom } = type;
    if (schema !== undefined && custom !== true) {
      const [unknown] = prune(structuredClone(content(wanted)), schema);
      if (unknown !== undefined)
        throw internal(
          `failed to create typed patch object (${namespace}/${name}; ${apiVersionOf(type)}, Kind=${type.kind}): .${unknown}: field not declared in schema`,
        );
    }
    const live = this.#catalog.storage(type).get(keyOf(namespace, name));
    const now = timestamp();
    const { object, managed } = applyObject(live, wanted, this.ruleOf(type), {
      manager: { name: write.manager, operation: 'Apply', subresource },
      force,
      now,
    });
    if (live === undefined) {
      if (subresource !== '') throw notFound(subjectOf(type, name));
      const created = await this.create(object, write, managed);
      return { object: created, created: true };
    }
    return { object: await this.replace(live, object, write, managed), created: false };
  }

  async delete(
    name: string,
    options: JsonObject,
    write: Write,
  ): Promise<{ object: KubernetesObject; gone: boolean }> {
    const { type, namespace } = write;
    const storage = this.#catalog.storage(type);
    const key = keyOf(namespace, name);
    const old = storage.get(key);
    if (old === undefined) throw notFound(subjectOf(type, name));
    const { uid, resourceVersion } = part(options, 'preconditions');
    if (uid !== undefined && uid !== old.metadata.uid)
      throw conflict(
        subjectOf(type, name),
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
      );
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(
        subjectOf(type, name),
        `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion}`,
      );
    await write.admit('DELETE', undefined, old);
    if (write.dryRun) return { object: old, gone: true };
    const { finalizers = [], deletionTimestamp } = old.metadata;
    if (finalizers.length === 0 && !holdsContent(old))
      return { object: storage.delete(key) ?? old, gone: true };
    if (deletionTimestamp !== undefined) return { object: old, gone: false };
    const metadata = { ...old.metadata, deletionTimestamp: timestamp() };
    const terminating = type.kind === 'Namespace' ? { status: { phase: 'Terminating' } } : {};
    return { object: storage.put(key, { ...old, ...terminating, metadata }), gone: false };
  }

  /** How lists of the resource are merged. */
  ruleOf(type: ResourceType): RuleOf {
    if (type.custom === true && type.schema !== undefined) {
      const rule = ruleOfSchema(type.schema);
      return (path) => (path[0] === 'metadata' ? LISTS[path[path.length - 1]!] : rule(path));
    }
    return (path) => {
      const name = path[path.length - 1]!;
      return path[0] === 'metadata' ? LISTS[name] : (type.lists?.[name] ?? LISTS[name]);
    };
  }

  #checkBody(body: KubernetesObject, { type, namespace }: Write): void {
    const expected = apiVersionOf(type);
    if (!isObject(body)) throw badRequest('the body is no object');
    body.apiVersion ??= expected;
    body.kind ??= type.kind;
    if (body.apiVersion !== expected || body.kind !== type.kind)
      throw badRequest(
        `${body.kind} in version "${body.apiVersion}" cannot be handled as a ${type.kind}: no kind "${body.kind}" is registered for version "${body.apiVersion}"`,
      );
    body.metadata ??= { name: '' };
    const stated = body.metadata.namespace;
    if (namespace === undefined) delete body.metadata.namespace;
    else if (stated !== undefined && stated !== '' && stated !== namespace)
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    else body.metadata.namespace = namespace;
  }

  #checkNamespace(namespace: string, type: ResourceType, name: string): void {
    const found = this.#catalog.storage({ group: '', plural: 'namespaces' }).get(namespace);
    if (found === undefined) throw notFound({ group: '', kind: 'namespaces', name: namespace });
    if (found.metadata.deletionTimestamp !== undefined)
      throw new ApiError(
        403,
        'Forbidden',
        `${type.plural} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
        { details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] } },
      );
  }

  /** Unknown fields are removed, and told of; what is not stated gets its default. */
  #clean(object: KubernetesObject, { type, fieldValidation, warnings }: Write): void {
    const { schema } = type;
    if (schema === undefined) return;
    const { apiVersion, kind, metadata } = object;
    const inner = content(object, true);
    const unknown = prune(inner, schema);
    if (unknown.length > 0 && fieldValidation === 'Strict')
      throw badRequest(
        `${kind} in version "${version(apiVersion)}" cannot be handled as a ${kind}: strict decoding error: ${unknown.map((field) => `unknown field "${field}"`).join(', ')}`,
      );
    if (fieldValidation === 'Warn')
      for (const field of unknown) warnings.push(`unknown field "${field}"`);
    if (type.custom === true) setDefaults(inner, schema);
    else {
      const [fault] = validate(withoutNulls(inner), schema);
      if (fault !== undefined)
        throw badRequest(
          `${kind} in version "${version(apiVersion)}" cannot be handled as a ${kind}: json: cannot unmarshal into Go struct field ${kind}.${fault.field}`,
        );
    }
    for (const name of Object.keys(object)) delete object[name];
    Object.assign(object, { apiVersion, kind, metadata }, inner);
  }

  #initialise({ metadata }: KubernetesObject, type: ResourceType): void {
    metadata.uid = randomUUID();
    metadata.creationTimestamp = timestamp();
    delete metadata.deletionTimestamp;
    delete metadata.managedFields;
    delete metadata.selfLink;
    if (type.generation === true) metadata.generation = 1;
    else delete metadata.generation;
  }

  /** What a PUT makes: the status by itself, the rest without it. */
  #merged(
    old: KubernetesObject,
    wanted: KubernetesObject,
    type: ResourceType,
    subresource: string,
  ): KubernetesObject {
    if (subresource === 'status')
      return { ...structuredClone(old), status: wanted.status } as KubernetesObject;
    const { uid, creationTimestamp, deletionTimestamp, generation, resourceVersion } = old.metadata;
    const metadata: ObjectMeta = {
      ...wanted.metadata,
      uid: uid!,
      creationTimestamp: creationTimestamp!,
      resourceVersion: resourceVersion!,
      ...(generation !== undefined && { generation }),
      ...(old.metadata.managedFields !== undefined && {
        managedFields: old.metadata.managedFields,
      }),
    };
    delete metadata.selfLink;
    if (deletionTimestamp !== undefined) metadata.deletionTimestamp = deletionTimestamp;
    else delete metadata.deletionTimestamp;
    const status = type.status === true ? old.status : wanted.status;
    const next = { ...wanted, metadata, status: structuredClone(status) } as KubernetesObject;
    if (status === undefined) delete next.status;
    return next;
  }

  #check(object: KubernetesObject, old: KubernetesObject | undefined, type: ResourceType): void {
    const { name = '' } = object.metadata;
    const faults: Cause[] = [];
    if (name === '')
      faults.push({
        field: 'metadata.name',
        message: 'Required value: name or generateName is required',
        reason: 'FieldValueRequired',
      });
    else if (old === undefined) faults.push(...nameFaults(name, type.names ?? 'subdomain'));
    faults.push(...metadataFaults(object));
    if (type.custom === true && type.schema !== undefined)
      faults.push(...validate(content(object), type.schema));
    faults.push(...(type.validate?.(object, old) ?? []));
    if (faults.length > 0) throw invalid(kindOf(type, name), faults);
  }

  #own(object: KubernetesObject, old: KubernetesObject | undefined, write: Write): void {
    const managed = new ManagedFields(old);
    const manager = {
      name: write.manager,
      operation: 'Update' as const,
      subresource: write.subresource,
    };
    managed.update(manager, old, object, this.ruleOf(write.type), timestamp());
    this.#setManaged(object, managed, write.type);
  }

  #setManaged(object: KubernetesObject, managed: ManagedFields, type: ResourceType): void {
    object.metadata = { ...object.metadata, managedFields: managed.toJson(apiVersionOf(type)) };
  }
}

/** The object as another version of its resource has it. */
export function versioned(object: KubernetesObject, type: ResourceType): KubernetesObject {
  const apiVersion = apiVersionOf(type);
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

export function subjectOf({ group, plural }: ResourceType, name: string): Subject {
  return { group, kind: plural, name };
}

function kindOf({ group, kind }: ResourceType, name: string): Subject {
  return { group, kind, name };
}

/** To the second, as the API has times. */
export function timestamp(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

function version(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** All but what every object has, and its status. */
function content(object: KubernetesObject, withStatus = false): JsonObject {
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = object;
  if (!withStatus) delete rest.status;
  return rest;
}

function withoutNulls(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value, (_, inner) => (inner === null ? undefined : inner)));
}

/** True when a write changes nothing that anybody could see. */
function same(a: KubernetesObject, b: KubernetesObject): boolean {
  const plain = ({ metadata, ...rest }: KubernetesObject) => {
    const { managedFields: _, resourceVersion: __, ...meta } = metadata;
    return canonical({ ...rest, metadata: meta });
  };
  return plain(a) === plain(b);
}

/** True for a namespace whose content was not removed yet. */
function holdsContent(object: KubernetesObject): boolean {
  const finalizers = part(object, 'spec').finalizers;
  return object.kind === 'Namespace' && Array.isArray(finalizers) && finalizers.length > 0;
}
