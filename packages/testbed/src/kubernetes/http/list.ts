import { badRequest, type Cause, expired, invalid, tooLargeResourceVersion } from '../api-error.ts';
import type { JsonObject, KubernetesObject } from '../object.ts';
import { versioned } from '../resources/object-checks.ts';
import { apiVersionOf, type ResourceType } from '../resources/resource-type.ts';
import { decodeToken, encodeToken } from '../storage/continue-token.ts';
import type { Selector } from '../storage/selector.ts';
import type { Storage } from '../storage/storage.ts';

/** A list that is asked for. */
export interface ListRequest {
  readonly type: ResourceType;
  readonly storage: Storage;
  readonly namespace: string | undefined;
  readonly selects: Selector;
  readonly query: URLSearchParams;
}

/** A resourceVersion as a number. */
export function parseRevision(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * The list.
 * @throws ApiError 400, 410, 422, and 504 of a revision that isn't there yet
 */
export function listObjects({ type, storage, namespace, selects, query }: ListRequest): JsonObject {
  const asked = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  const token = query.get('continue') ?? '';
  const limit = Number(query.get('limit') ?? 0);
  if (!Number.isInteger(limit))
    throw badRequest(`strconv.ParseInt: parsing "${query.get('limit')}": invalid syntax`);
  if (asked !== '' && parseRevision(asked) === undefined)
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${asked}": strconv.ParseUint: parsing "${asked}": invalid syntax`,
    );
  checkMatch(asked, match, token);
  const current = storage.revision;
  const wanted = Number(asked);
  if (wanted > current) throw tooLargeResourceVersion(wanted, current);
  let revision = current;
  let after = '';
  // What comes from the watch cache comes whole.
  let most = asked === '0' ? 0 : limit;
  if (token !== '') {
    const decoded = decodeToken(token);
    after = decoded.after;
    revision = decoded.revision === -1 ? current : decoded.revision;
    most = limit;
    if (revision < storage.oldest)
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
        { continue: encodeToken({ revision: -1, after }) },
      );
  } else if (match === 'Exact' || (match === '' && asked !== '' && asked !== '0' && limit > 0)) {
    revision = wanted;
    if (revision < storage.oldest)
      throw expired('The resourceVersion for the provided list is too old.');
  }
  const state = storage.at(revision);
  const keys = revision === current ? storage.keys : [...state.keys()].sort();
  const prefix = namespace === undefined ? '' : `${namespace}/`;
  const items: KubernetesObject[] = [];
  let last = '';
  let more = 0;
  for (const key of keys) {
    if (key <= after || !key.startsWith(prefix)) continue;
    const object = state.get(key)!;
    if (!selects(object)) continue;
    if (most > 0 && items.length === most) {
      more += 1;
      continue;
    }
    items.push(versioned(object, type));
    last = key;
  }
  return {
    kind: `${type.kind}List`,
    apiVersion: apiVersionOf(type),
    metadata: {
      resourceVersion: String(revision),
      ...(more > 0 && { continue: encodeToken({ revision, after: last }) }),
      // With a selector nobody counts.
      ...(more > 0 &&
        !query.has('labelSelector') &&
        !query.has('fieldSelector') && { remainingItemCount: more }),
    },
    // Items of built-in lists don't say what they are.
    items:
      type.custom === true
        ? items
        : items.map(({ apiVersion: _, kind: __, ...item }) => item as JsonObject),
  };
}

function checkMatch(asked: string, match: string, token: string): void {
  const faults: Cause[] = [];
  const forbid = (message: string) =>
    faults.push({
      field: 'resourceVersionMatch',
      message: `Forbidden: ${message}`,
      reason: 'FieldValueForbidden',
    });
  if (token !== '' && asked !== '' && asked !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  if (match === '') return;
  if (asked === '') forbid('resourceVersionMatch is forbidden unless resourceVersion is provided');
  if (token !== '') forbid('resourceVersionMatch is forbidden when continue is provided');
  if (match !== 'Exact' && match !== 'NotOlderThan')
    faults.push({
      field: 'resourceVersionMatch',
      message: `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      reason: 'FieldValueNotSupported',
    });
  if (match === 'Exact' && asked === '0')
    forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  if (faults.length > 0)
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, faults);
}
