import type { Endpoint } from '@meshkeeper/mesh';

/** What is before a tag of Consul's in an endpoint's metadata. */
const TAG_KEY = 'consul.tag.';

/** Whether an endpoint has a tag. A name in DNS has no case; a tag may have one. */
export function hasTag({ metadata }: Pick<Endpoint, 'metadata'>, tag: string): boolean {
  const key = `${TAG_KEY}${tag}`;
  if (metadata[key] !== undefined) return true;
  return Object.keys(metadata).some((each) => each.toLowerCase() === key);
}
