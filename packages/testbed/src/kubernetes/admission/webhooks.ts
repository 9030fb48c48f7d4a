import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import type { User } from '../access/user.ts';
import { ApiError, internal } from '../api-error.ts';
import {
  isObject,
  type Json,
  type JsonObject,
  type KubernetesObject,
  list,
  objects,
  part,
  text,
} from '../object.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import type { ResourceCatalog } from '../resources/catalog.ts';
import { apiVersionOf, type ResourceType } from '../resources/resource-type.ts';
import { labelSelectorOf } from '../storage/selector.ts';

/** A write that webhooks may look at. */
export interface Admission {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly type: ResourceType;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly object: KubernetesObject | undefined;
  readonly old: KubernetesObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
}

/** Where a Service that a webhook is behind is reached. */
export type Reach = (
  namespace: string,
  name: string,
  port: number,
) => { host: string; port: number } | undefined;

/** Calls webhooks as their configurations say. */
export class Webhooks {
  readonly #catalog: ResourceCatalog;
  readonly #reach: Reach;

  constructor(catalog: ResourceCatalog, reach: Reach) {
    this.#catalog = catalog;
    this.#reach = reach;
  }

  /**
   * The object as the webhooks want it, adding what they warn of.
   * @throws ApiError of one that denies, or can't be called and has to be
   */
  async admit(admission: Admission, warnings: string[]): Promise<KubernetesObject | undefined> {
    let { object } = admission;
    // Who configures webhooks is not locked out by them.
    if (admission.type.group === 'admissionregistration.k8s.io') return object;
    for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
      for (const webhook of this.#matching(plural, admission)) {
        const patch = await this.#call(webhook, { ...admission, object }, warnings);
        if (patch !== undefined && object !== undefined && plural.startsWith('mutating'))
          object = jsonPatch(object, patch) as KubernetesObject;
      }
    return object;
  }

  *#matching(plural: string, admission: Admission): Generator<JsonObject> {
    const storage = this.#catalog.storage({ group: 'admissionregistration.k8s.io', plural });
    for (const key of storage.keys)
      for (const webhook of objects(storage.get(key), 'webhooks'))
        if (this.#matches(webhook, admission)) yield webhook;
  }

  #matches(
    webhook: JsonObject,
    { operation, type, subresource, namespace, object, old }: Admission,
  ) {
    const resource = subresource === '' ? type.plural : `${type.plural}/${subresource}`;
    const covered = objects(webhook, 'rules').some((rule) => {
      const has = (member: string, wanted: string) => {
        const values = list(rule, member);
        return values.includes('*') || values.includes(wanted);
      };
      const scope = text(rule, 'scope') ?? '*';
      return (
        has('operations', operation) &&
        has('apiGroups', type.group) &&
        has('apiVersions', type.version) &&
        (has('resources', resource) || list(rule, 'resources').includes('*/*')) &&
        (scope === '*' || (scope === 'Namespaced') === type.namespaced)
      );
    });
    if (!covered) return false;
    const selects = labelSelectorOf(part(webhook, 'objectSelector'));
    const fits = [object, old].some(
      (one) => one !== undefined && selects(one.metadata.labels ?? {}),
    );
    if (!fits) return false;
    if (namespace === undefined) return true;
    const found = this.#catalog.storage({ group: '', plural: 'namespaces' }).get(namespace);
    const inNamespace = labelSelectorOf(part(webhook, 'namespaceSelector'));
    return inNamespace(found?.metadata.labels ?? {});
  }

  async #call(
    webhook: JsonObject,
    admission: Admission,
    warnings: string[],
  ): Promise<Json | undefined> {
    const name = String(webhook.name);
    const uid = randomUUID();
    let answer: JsonObject;
    try {
      const review = await this.#post(webhook, reviewOf(uid, admission));
      answer = part(review, 'response');
      if (answer.uid !== uid)
        throw new Error(`expected response.uid="${uid}", got "${answer.uid}"`);
    } catch (error) {
      if (webhook.failurePolicy === 'Ignore') return undefined;
      throw internal(
        `failed calling webhook "${name}": failed to call webhook: ${(error as Error).message}`,
      );
    }
    for (const warning of list(answer, 'warnings')) warnings.push(String(warning));
    if (answer.allowed !== true) throw denied(name, part(answer, 'status'));
    const patch = text(answer, 'patch');
    if (patch === undefined) return undefined;
    if (answer.patchType !== 'JSONPatch')
      throw internal(`webhook "${name}": unsupported patch type "${answer.patchType}"`);
    return JSON.parse(Buffer.from(patch, 'base64').toString());
  }

  #post(webhook: JsonObject, review: JsonObject): Promise<JsonObject> {
    const config = part(webhook, 'clientConfig');
    const seconds = Number(webhook.timeoutSeconds ?? 10);
    const ca = text(config, 'caBundle');
    const url = this.#address(config, seconds);
    const { promise, resolve, reject } = Promise.withResolvers<JsonObject>();
    const sent = request(
      {
        ...url,
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        timeout: seconds * 1_000,
        signal: AbortSignal.timeout(seconds * 1_000),
        agent: false,
        ...(ca !== undefined && { ca: Buffer.from(ca, 'base64').toString() }),
      },
      async (response) => {
        try {
          let body = '';
          for await (const chunk of response.setEncoding('utf8')) body += chunk;
          if (response.statusCode !== 200)
            throw new Error(`the server responded ${response.statusCode}`);
          const parsed = JSON.parse(body);
          if (!isObject(parsed)) throw new Error('the response is no AdmissionReview');
          resolve(parsed);
        } catch (error) {
          reject(error);
        }
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(review));
    return promise;
  }

  #address(config: JsonObject, seconds: number) {
    const stated = text(config, 'url');
    if (stated !== undefined) {
      const { hostname: host, port, pathname } = new URL(stated);
      return { host, port: Number(port || 443), path: `${pathname}?timeout=${seconds}s` };
    }
    const { namespace, name, path = '/', port = 443 } = part(config, 'service');
    const reached = this.#reach(String(namespace), String(name), Number(port));
    if (reached === undefined)
      throw new Error(
        `Post "https://${name}.${namespace}.svc:${port}${path}?timeout=${seconds}s": service "${name}" not found`,
      );
    return {
      ...reached,
      path: `${path}?timeout=${seconds}s`,
      servername: `${name}.${namespace}.svc`,
    };
  }
}

function denied(name: string, status: JsonObject): ApiError {
  const message = text(status, 'message') ?? text(status, 'reason') ?? 'without explanation';
  const code = Number(status.code ?? 0);
  return new ApiError(
    Math.max(code, 400),
    text(status, 'reason') ?? '',
    `admission webhook "${name}" denied the request${message === 'without explanation' ? ' ' : ': '}${message}`,
  );
}

function reviewOf(uid: string, admission: Admission): JsonObject {
  const { type, operation, subresource, namespace, object, old, user, dryRun } = admission;
  const { group, version, kind, plural } = type;
  const { name = '' } = (object ?? old)!.metadata;
  const kinds = { group, version, kind };
  const resource = { group, version, resource: plural };
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid,
      kind: kinds,
      resource,
      ...(subresource !== '' && { subResource: subresource }),
      requestKind: kinds,
      requestResource: resource,
      ...(name !== '' && { name }),
      ...(namespace !== undefined && { namespace }),
      operation,
      userInfo: { username: user.name, groups: [...user.groups] },
      object: object === undefined ? null : { ...object, apiVersion: apiVersionOf(type), kind },
      oldObject: old ?? null,
      dryRun,
      options: {
        kind: `${operation[0]}${operation.slice(1).toLowerCase()}Options`,
        apiVersion: 'meta.k8s.io/v1',
      },
    },
  };
}
