export { apisixSeed } from './apisix-seed/apisix-seed.ts';
export { curator } from './curator/curator.ts';
export { decodeInstance } from './curator/decode.ts';
export { encodeInstance } from './curator/encode.ts';
export {
  type CuratorInstance,
  type ServiceType,
  SPRING_PAYLOAD_CLASS,
  type SpringPayload,
  STANDARD_URI_SPEC,
  type UriSpec,
} from './curator/instance.ts';
export { d2 } from './d2/d2.ts';
export type {
  Decoded,
  Dialect,
  Entry,
  Reading,
  ReadingOptions,
  Recognised,
  Registration,
  Revision,
  Want,
} from './dialect.ts';
export { DIALECTS } from './dialects.ts';
export { DirectoryReading } from './directory/directory-reading.ts';
export { instancePath } from './directory/layout.ts';
export {
  type DiscoverOptions,
  type Discovery,
  discover,
  type FoundRegistry,
} from './discover/discover.ts';
export { dubbo } from './dubbo/dubbo.ts';
export { DubboReading } from './dubbo/reading.ts';
export type { RawRule, RuleKind, RuleTarget } from './dubbo/rules/raw-rule.ts';
export { DubboRules } from './dubbo/rules/rules.ts';
export {
  keyOf as dubboServiceKey,
  matches as matchesDubboService,
  nameOf as dubboServiceName,
  type ServiceKey as DubboServiceKey,
} from './dubbo/service-key.ts';
export { type Collected, collect } from './lint/collect.ts';
export type { Finding, FindingCode } from './lint/finding.ts';
export { type LintOptions, type LintReport, lint } from './lint/lint.ts';
export type { LintedRegistry } from './lint/read-registry.ts';
export type { MirrorProblem } from './mirror/target.ts';
export { TreeMirror, type TreeMirrorOptions } from './mirror/tree-mirror.ts';
export { encodeInstance as encodeNerveInstance } from './nerve/encode.ts';
export type { NerveInstance } from './nerve/instance.ts';
export { nerve } from './nerve/nerve.ts';
export { RegisteredInstance, Registrar, type RegistrarOptions } from './register/registrar.ts';
export { RegistryError, type RegistryErrorCode } from './registry-error.ts';
export { DEFAULT_TTL, HostResolver, type HostResolverOptions } from './resolve/host-resolver.ts';
export { encodeMember as encodeServersetMember } from './serverset/encode.ts';
export type { ServersetMember } from './serverset/member.ts';
export { serverset } from './serverset/serverset.ts';
export { HostIndex } from './source/host-index.ts';
export { TreeSource, type TreeSourceOptions } from './source/tree-source.ts';
export { spring } from './spring/spring.ts';
export type { Removal, TreeEvent, ZNode } from './tree/tree-change.ts';
export { type WatchTreeOptions, watchTree } from './tree/watch-tree.ts';
