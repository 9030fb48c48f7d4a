import { DEFAULT_NAMESPACE, DOCUMENT_KEY, SHARED_APPLICATION } from '../model/names.ts';
import { type Published, type Wanted, WantedNodes } from './wanted.ts';

/** Dubbo's group for what is for all applications. */
const ALL = 'dubbo';
/** Dubbo's data id for an application's own properties. */
const PROPERTIES = 'dubbo.properties';

/**
 * The layout of Dubbo's configuration centre: `/dubbo/config/{group}/{dataId}`. The group is the
 * application; that of the one that all share is `dubbo`. Of a namespace of keys each key is a data id;
 * a document is one: `dubbo.properties` for `default`, else it is called as its namespace. Dubbo has no
 * profiles: of keys only the namespace `default` is for it.
 */
export function dubboLayout(
  namespaces: Iterable<Published>,
  root = '/dubbo/config',
  shared: string = SHARED_APPLICATION,
): Wanted {
  const wanted = new WantedNodes();
  for (const { application, namespace, content } of namespaces) {
    const group = `${root}/${application === shared ? ALL : application}`;
    if (content.format === 'keys' && namespace !== DEFAULT_NAMESPACE) continue;
    for (const [key, entry] of content.entries) {
      const own = namespace === DEFAULT_NAMESPACE ? PROPERTIES : namespace;
      const dataId = content.format !== 'keys' && key === DOCUMENT_KEY ? own : key;
      if (entry.type === 'secret') wanted.secret(group, dataId);
      else wanted.value(group, dataId, entry.value);
    }
  }
  return wanted;
}
