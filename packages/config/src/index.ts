export type { Config, Subscription } from './client/config.ts';
export { HttpSource, type HttpSourceOptions } from './client/http/http-source.ts';
export { openConfig } from './client/open-config.ts';
export type { ConfigLogger, ConfigOptions, Defaults } from './client/options.ts';
export type { PathOf, ValueAt } from './client/paths.ts';
export type { Resolved, ResolvedEntry } from './client/resolved.ts';
export type { ConfigRequest, ConfigSource, SourceUpdate } from './client/source.ts';
export type { InputOf, OutputOf, StandardSchema } from './client/standard-schema.ts';
export type { ConfigStatus } from './client/status.ts';
export {
  ZooKeeperSource,
  type ZooKeeperSourceOptions,
} from './client/zookeeper/zookeeper-source.ts';
export { ConfigError, type ConfigErrorCode, type Fault, isConfigError } from './config-error.ts';
export { fromConsul, toConsul } from './exchange/consul.ts';
export { fromFiles, toFiles } from './exchange/files.ts';
export {
  type ApplicationSettings,
  type Exchanged,
  type ExchangeProblem,
  type Imported,
  withoutSecrets,
} from './exchange/namespaces.ts';
export { fromSpringTree, type TreeNode } from './exchange/spring-tree.ts';
export { ConfigKeeper, type ConfigKeeperOptions } from './keeper/config-keeper.ts';
export { decodeImage, encodeImage, type LiveImage } from './live/image.ts';
export { LiveConfig, type LiveConfigOptions } from './live/live-config.ts';
export type { Resolved as LiveResolved, ResolvedLayer, ResolveRequest } from './live/resolved.ts';
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
export { dubboLayout } from './projection/dubbo.ts';
export { type Projected, Projector, type ProjectorOptions } from './projection/projector.ts';
export { springLayout } from './projection/spring.ts';
export type {
  ProjectionProblem,
  Published as PublishedNamespace,
  Wanted,
} from './projection/wanted.ts';
export { exitCodeOf } from './run/child.ts';
export { type Environment, environmentOf, variableName } from './run/environment.ts';
export { type Prepared, type PrepareOptions, prepare } from './run/prepared.ts';
export { QuietPeriod, type QuietPeriodOptions } from './run/quiet-period.ts';
export { type Followed, type OnChange, type RunOptions, runCommand } from './run/run-command.ts';
export { Validator } from './schema/validator.ts';
export { openEnvelope, parseEnvelope, sealEnvelope } from './secrets/envelope.ts';
export type { KeyProvider, WrappedKey } from './secrets/key-provider.ts';
export { fileKeys, LocalKeys, parseKeys } from './secrets/local-keys.ts';
export { noKeys, type Sealer, type SecretPlace } from './secrets/sealer.ts';
export { Secret } from './secrets/secret.ts';
export {
  type Rotated,
  type SecretId,
  SecretVault,
  type SecretVaultOptions,
} from './secrets/vault.ts';
export type { Application, Applications, Namespace } from './store/applications.ts';
export { ConfigStore, type ConfigStoreOptions } from './store/config-store.ts';
export type { Audit, ConfigEvent } from './store/context.ts';
export type { Draft, Drafts, Edit, InputEntry } from './store/drafts.ts';
export type { Collected, CollectOptions, Garbage } from './store/garbage.ts';
export type { GraySettings, Grays, NewGray } from './store/grays.ts';
export type { OwnDeed } from './store/own-deed.ts';
export { CONFIG_ROOT } from './store/paths.ts';
export {
  type ApplicationRecord,
  type GrayRecord,
  grayRules,
  type Pointer,
  RELEASE_KINDS,
  type ReleaseKind,
  type ScheduledRecord,
  type SignalRecord,
} from './store/records.ts';
export type {
  Published,
  PublishOptions,
  Release,
  ReleaseContent,
  ReleasePage,
  Releases,
  Which,
} from './store/releases.ts';
export type { Removal } from './store/removal.ts';
export type { Outcome, Schedule } from './store/schedule.ts';
export type { Abandoned, Signals } from './store/signals.ts';
export {
  FILE_FORMATS,
  type FileFormat,
  formatFile,
  type OutputFile,
  templateFile,
  writeFiles,
} from './template/output-file.ts';
export { Template } from './template/template.ts';
