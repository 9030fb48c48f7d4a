import { isObject, type JsonObject } from '../decode/json.ts';
import { SPRING_PAYLOAD_CLASS } from './instance.ts';

/** The class that a Dubbo application's payload claims to be of. */
export const DUBBO_PAYLOAD_CLASS = 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance';

/** Whose an instance in Curator's format is: its path doesn't tell, `/services` may hold all three. */
export type InstanceKind = 'curator' | 'spring' | 'dubbo';

/** Tells by its payload; undefined when it is no instance at all. */
export function kindOf(json: JsonObject): InstanceKind | undefined {
  if (typeof json.name !== 'string' || typeof json.address !== 'string') return undefined;
  const { payload } = json;
  if (!isObject(payload)) return 'curator';
  if (payload['@class'] === SPRING_PAYLOAD_CLASS) return 'spring';
  const { metadata } = payload;
  const dubbo = isObject(metadata) && typeof metadata['dubbo.metadata.revision'] === 'string';
  return dubbo || payload['@class'] === DUBBO_PAYLOAD_CLASS ? 'dubbo' : 'curator';
}
