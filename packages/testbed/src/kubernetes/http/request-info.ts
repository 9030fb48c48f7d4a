import { badOption, badRequest } from '../api-error.ts';

/** What a request is about, by its method and address. */
export interface RequestInfo {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Of an object or a list of them; undefined for all other addresses. */
  readonly resource:
    | {
        readonly group: string;
        readonly version: string;
        readonly plural: string;
        readonly namespace: string | undefined;
        readonly name: string;
        readonly subresource: string;
      }
    | undefined;
  /** As rules of access name it. */
  readonly verb: string;
}

/** Reads the address of a request. */
export function requestInfo(method: string, target: string): RequestInfo {
  const url = new URL(target, 'http://localhost');
  const { pathname: path, searchParams: query } = url;
  const resource = resourceOf(path);
  return {
    method,
    path,
    query,
    resource,
    verb: verbOf(method, resource?.name ?? '', query, resource !== undefined),
  };
}

function resourceOf(path: string): RequestInfo['resource'] {
  const steps = path.split('/').filter((step) => step !== '');
  let decoded: string[];
  try {
    decoded = steps.map(decodeURIComponent);
  } catch {
    throw badRequest('the address is not encoded well');
  }
  const [root, ...rest] = decoded;
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : rest.shift();
  const version = rest.shift();
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  let namespace: string | undefined;
  // `/namespaces/x` is an object itself, and so is its status.
  if (
    rest[0] === 'namespaces' &&
    rest.length > 2 &&
    rest[2] !== 'status' &&
    rest[2] !== 'finalize'
  ) {
    namespace = rest[1];
    rest.splice(0, 2);
  }
  const [plural, name = '', subresource = ''] = rest;
  return { group, version, plural: plural!, namespace, name, subresource };
}

function verbOf(method: string, name: string, query: URLSearchParams, isResource: boolean): string {
  if (!isResource) return method.toLowerCase();
  const one = name !== '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (isTrue(query.get('watch'))) return 'watch';
      return one ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return one ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

/** A boolean as the API reads it. */
export function isTrue(value: string | null): boolean {
  return value === '' || value === '1' || value?.toLowerCase() === 'true';
}

/** Whether nothing is to be stored. @throws ApiError 422 */
export function isDryRun({ query, verb }: RequestInfo): boolean {
  const stated = query.get('dryRun');
  if (stated === null || stated === '') return false;
  if (stated === 'All') return true;
  const kind = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Options`;
  throw badOption(kind, {
    field: 'dryRun',
    message: `Unsupported value: ${JSON.stringify([stated])}: supported values: "All"`,
    reason: 'FieldValueNotSupported',
  });
}
