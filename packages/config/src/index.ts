export { ConfigError, type ConfigErrorCode, type Fault, isConfigError } from './config-error.ts';
export { type Actor, ROLES, type Role } from './model/actor.ts';
export { type Content, type Entries, FORMATS, type Format } from './model/content.ts';
export { type Change, type ChangeCount, diff } from './model/diff.ts';
export {
  type Entry,
  type Parsed,
  type PlainEntry,
  parseValue,
  type SecretEntry,
  VALUE_TYPES,
  type ValueType,
} from './model/entry.ts';
export { flatten } from './model/flatten.ts';
export { chooseGray, type GrayRule, type GrayRules, type Instance } from './model/gray.ts';
export { type LayersOptions, layersOf } from './model/layers.ts';
export {
  checkApplication,
  checkNamespace,
  DEFAULT_NAMESPACE,
  DOCUMENT_KEY,
  type NamespaceRef,
  SHARED_APPLICATION,
} from './model/names.ts';
export { type Layer, type Resolution, type ResolvedValue, resolve } from './model/resolve.ts';
