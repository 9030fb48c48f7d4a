export { CuratorSource, type CuratorSourceOptions } from './curator/curator-source.ts';
export { type Decoded, decodeInstance } from './curator/decode.ts';
export { encodeInstance } from './curator/encode.ts';
export {
  type CuratorInstance,
  type ServiceType,
  SPRING_PAYLOAD_CLASS,
  type SpringPayload,
  STANDARD_URI_SPEC,
  type UriSpec,
} from './curator/instance.ts';
export { instancePath } from './curator/layout.ts';
export type { TreeEvent, ZNode } from './tree/tree-change.ts';
export { type WatchTreeOptions, watchTree } from './tree/watch-tree.ts';
