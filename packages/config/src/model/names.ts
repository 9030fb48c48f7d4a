import { notValid } from '../config-error.ts';

/** The namespace that holds for all profiles. */
export const DEFAULT_NAMESPACE = 'default';
/** The application that all others share, unless it is called otherwise. Spring's name for it. */
export const SHARED_APPLICATION = 'application';
/** The one key of a namespace that is a document. Apollo's name for it. */
export const DOCUMENT_KEY = 'content';

/** Which namespace of which application. */
export interface NamespaceRef {
  readonly application: string;
  readonly namespace: string;
}

/** Namespaces may not be called so: these are other paths of the HTTP API. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['resolve', 'watch', 'signals', 'instances', 'import', 'export'],
]);
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Bytes that a key may have. */
const MAX_KEY = 1024;

/** The namespace's name for people and logs: `shop/prod`. */
export function refText({ application, namespace }: NamespaceRef): string {
  return `${application}/${namespace}`;
}

/** @throws ConfigError NOT_VALID */
export function checkApplication(name: string): string {
  if (NAME.test(name)) return name;
  throw notValid('the name of an application', [{ message: `${JSON.stringify(name)} ${RULE}` }]);
}

/** @throws ConfigError NOT_VALID */
export function checkNamespace(name: string): string {
  if (!NAME.test(name))
    throw notValid('the name of a namespace', [{ message: `${JSON.stringify(name)} ${RULE}` }]);
  if (RESERVED.has(name))
    throw notValid('the name of a namespace', [{ message: `${name} is reserved: take another` }]);
  return name;
}

/** The name of a gray release or a signal. @throws ConfigError NOT_VALID */
export function checkName(name: string, of: string): string {
  if (NAME.test(name)) return name;
  throw notValid(`the name of a ${of}`, [{ message: `${JSON.stringify(name)} ${RULE}` }]);
}

/** What is wrong with a key; undefined when nothing is. */
export function keyFault(key: string): string | undefined {
  if (key === '') return 'a key may not be empty';
  if (Buffer.byteLength(key) > MAX_KEY) return `a key may have ${MAX_KEY} bytes`;
  if (/\p{Cc}/u.test(key)) return 'a key may not have control characters';
  if (!key.isWellFormed()) return 'a key has to be well-formed text';
  return undefined;
}

const RULE =
  'has to begin with a letter or digit, and have only those, dots, dashes and underscores, 128 at most';
