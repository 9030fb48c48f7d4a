import { flatten } from '../model/flatten.ts';
import { DEFAULT_NAMESPACE } from '../model/names.ts';
import { type Published, type Wanted, WantedNodes } from './wanted.ts';

/**
 * Spring Cloud Zookeeper's layout: `/config/shop` for all profiles, `/config/shop,prod` for one, a znode
 * a key. Spring reads a `/` below that as a dot; a key is one znode here, dots and all.
 */
export function springLayout(
  namespaces: Iterable<Published>,
  root = '/config',
  profileSeparator = ',',
): Wanted {
  const wanted = new WantedNodes();
  for (const { application, namespace, content } of namespaces) {
    const context =
      namespace === DEFAULT_NAMESPACE
        ? `${root}/${application}`
        : `${root}/${application}${profileSeparator}${namespace}`;
    for (const [key, entry] of flatten(content))
      if (entry.type === 'secret') wanted.secret(context, key);
      else wanted.value(context, key, entry.value);
  }
  return wanted;
}
