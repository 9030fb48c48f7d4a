import { decodeInstance } from '../dubbo/instance.ts';
import { placeOf } from '../dubbo/layout.ts';
import { Mapping } from '../dubbo/mapping.ts';
import { decodeMetadata } from '../dubbo/metadata-info.ts';
import type { Finding } from './finding.ts';
import type { RegistryRead } from './registry-read.ts';

/** An instance of an application, as far as its metadata is concerned. */
interface Living {
  readonly path: string;
  readonly revision: string;
  readonly remote: boolean;
}

/** What Dubbo never takes back: metadata of revisions, and mappings, of applications that are gone. */
export function* orphans({ name, dialect, root, nodes }: RegistryRead): Generator<Finding> {
  if (dialect.name !== 'dubbo') return;
  const living = new Map<string, Living[]>();
  const known = new Set<string>();
  const mapping = new Mapping();
  for (const node of nodes.values()) {
    const place = placeOf(root, node.path);
    if (place?.type === 'mapping') mapping.put(place.interface, node.data);
    if (place?.type === 'metadata') known.add(`${place.application}/${place.revision}`);
    if (place?.type !== 'instance') continue;
    const { application } = place;
    const decoded = decodeInstance(name, application, node);
    if (decoded.type !== 'instance') continue;
    const { revision, storage } = decoded.instance;
    const all = living.get(application) ?? [];
    all.push({ path: node.path, revision, remote: storage === 'remote' });
    living.set(application, all);
  }
  for (const { path, data, stat } of nodes.values()) {
    const place = placeOf(root, path);
    if (place?.type === 'mapping') {
      const applications = mapping.applications(place.interface);
      const gone = applications.filter((application) => !living.has(application));
      if (gone.length > 0)
        yield {
          ...{ code: 'orphaned-mapping', severity: 'warning', registry: name, path },
          message: `"${place.interface}" is mapped to ${gone.join(', ')}, of which no instance is registered`,
          fix: 'Nothing, if they come back; otherwise take them out of the list in its data.',
        };
      continue;
    }
    if (place?.type !== 'metadata' || stat.numChildren > 0) continue;
    const { application, revision } = place;
    // There are other things below metadata that look alike by their paths.
    const info = decodeMetadata(data);
    if (info?.application !== application || info.revision !== revision) continue;
    const instances = living.get(application) ?? [];
    if (instances.some((instance) => instance.revision === revision)) continue;
    const others = instances.length > 0 ? 'its instances have others' : 'it has no instance';
    yield {
      ...{ code: 'orphaned-revision', severity: 'warning', registry: name, path },
      message: `no instance of "${application}" has this revision: ${others}`,
      fix: 'meshkeeper lint --collect deletes it. Wait, if the application is only away.',
      collectable: stat.version,
    };
  }
  for (const [application, instances] of living)
    for (const { path, revision, remote } of instances)
      if (remote && revision !== '0' && !known.has(`${application}/${revision}`))
        yield {
          ...{ code: 'missing-revision', severity: 'error', registry: name, path },
          message: `what it offers is said to be in ZooKeeper, and the metadata of its revision ${revision} is not there`,
          fix: `Restart the application: it writes them when it starts.`,
        };
}
