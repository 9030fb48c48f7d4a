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
export { Validator } from './schema/validator.ts';
export type { Sealer, SecretPlace } from './secrets/sealer.ts';
export type { Application, Applications, Namespace } from './store/applications.ts';
export { ConfigStore, type ConfigStoreOptions } from './store/config-store.ts';
export type { Audit, ConfigEvent } from './store/context.ts';
export type { Draft, Drafts, Edit, InputEntry } from './store/drafts.ts';
export { CONFIG_ROOT } from './store/paths.ts';
export type {
  Published,
  PublishOptions,
  Release,
  ReleaseContent,
  ReleasePage,
  Releases,
  Which,
} from './store/releases.ts';
