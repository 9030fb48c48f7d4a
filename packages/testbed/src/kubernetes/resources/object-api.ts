import { randomUUID } from 'node:crypto';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  notFound,
  otherObject,
} from '../api-error.ts';
import {
  canonical,
  type JsonObject,
  type KubernetesObject,
  type ObjectMeta,
  part,
} from '../object.ts';
import { applyObject } from '../patch/apply.ts';
import { LISTS } from '../patch/list-rules.ts';
import { ManagedFields } from '../patch/managed-fields.ts';
import type { RuleOf } from '../patch/strategic-merge.ts';
import { prune } from '../schema/prune.ts';
import { keyOf } from '../storage/storage.ts';
import type { ResourceCatalog } from './catalog.ts';
import { ruleOfSchema } from './custom.ts';
import {
  check,
  checkBody,
  clean,
  content,
  initialise,
  kindOf,
  merged,
  subjectOf,
  timestamp,
  versioned,
} from './object-checks.ts';
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
    checkBody(body, write);
    const { metadata } = body;
    if ((metadata.name ?? '') === '' && metadata.generateName !== undefined)
      metadata.name = metadata.generateName + randomUUID().replaceAll('-', '').slice(0, 5);
    if ((metadata.resourceVersion ?? '') !== '')
      throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
    if (namespace !== undefined) this.#checkNamespace(namespace, type, metadata.name ?? '');
    clean(body, write);
    if (type.status === true && type.custom === true) delete body.status;
    initialise(body, type);
    const admitted = (await write.admit('CREATE', body, undefined)) ?? body;
    type.prepare?.(admitted, undefined, this.#cluster);
    check(admitted, undefined, type);
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
    checkBody(body, write);
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
        throw otherObject(
          subjectOf(type, name),
          `${type.plural}/${key}`,
          `UID in precondition: ${body.metadata.uid}, UID in object meta: `,
        );
      delete body.metadata.resourceVersion;
      return { object: await this.create(body, write), created: true };
    }
    const stated = body.metadata.resourceVersion ?? '';
    if (stated === '' && type.unconditionalUpdate === false)
      throw invalid(subjectOf(type, name), [
        {
          field: 'metadata.resourceVersion',
          message: 'Invalid value: 0: must be specified for an update',
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
      throw otherObject(
        subjectOf(type, name),
        `${type.plural}/${keyOf(namespace, name)}`,
        `UID in precondition: ${wanted.metadata.uid}, UID in object meta: ${uid}`,
      );
    clean(wanted, write);
    const next = merged(old, wanted, type, subresource);
    const admitted = (await write.admit('UPDATE', next, old)) ?? next;
    type.prepare?.(admitted, old, this.#cluster);
    check(admitted, old, type);
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
    if (wanted.apiVersion === undefined || wanted.kind === undefined)
      throw badRequest('invalid object type: /, Kind=');
    const stated = wanted.metadata.namespace ?? '';
    checkBody(wanted, write);
    const { schema, custom } = type;
    if (schema !== undefined && custom !== true) {
      const [unknown] = prune(structuredClone(content(wanted)), schema);
      if (unknown !== undefined)
        throw new ApiError(
          500,
          '',
          `failed to create typed patch object (${stated}/${name}; ${type.group}/${type.version}, Kind=${type.kind}): .${unknown}: field not declared in schema`,
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
        kindOf(type, name),
        `the UID in the precondition (${uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`,
      );
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
      throw conflict(
        kindOf(type, name),
        `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion}). The object might have been modified`,
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
    const managedFields = managed.toJson(apiVersionOf(type));
    object.metadata = { ...object.metadata, managedFields };
    if (managedFields.length === 0) delete object.metadata.managedFields;
  }
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
