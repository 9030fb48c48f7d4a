import type { PatchOperation, Pod } from './pod.ts';
import {
  SIDECAR_NAME,
  SIDECAR_VOLUME,
  type SidecarInstance,
  type SidecarTemplate,
  sidecarContainer,
} from './sidecar-container.ts';

/** Which pods get a sidecar: `true`. The webhook is asked of no others. */
export const INJECT_LABEL = 'meshkeeper.io/inject';
/** The service that the pod is an instance of. Default: its label `app.kubernetes.io/name`. */
const SERVICE = 'meshkeeper.io/service';
/** Where it listens. Default: its first port. */
const PORT = 'meshkeeper.io/port';
/** Path of its health check. */
const CHECK = 'meshkeeper.io/check';
/** The zone that it runs in; Kubernetes 1.35 labels pods with it. */
const ZONE = 'topology.kubernetes.io/zone';
const NAME = 'app.kubernetes.io/name';

/** What becomes of a pod. */
export type Injection =
  /** Nothing: it has one, or wants none. */
  | { readonly type: 'none' }
  | { readonly type: 'patch'; readonly patch: readonly PatchOperation[] }
  /** It wants a sidecar and does not say enough. */
  | { readonly type: 'refused'; readonly message: string };

/** The sidecar of a pod. Pure; a pod that has been through it is left as it is. */
export function inject(pod: Pod, template: SidecarTemplate): Injection {
  const { metadata, spec } = pod;
  if (metadata?.labels?.[INJECT_LABEL] !== 'true') return { type: 'none' };
  const all = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  if (all.some(({ name }) => name === SIDECAR_NAME)) return { type: 'none' };
  const instance = instanceOf(pod);
  if ('message' in instance) return { type: 'refused', ...instance };
  const volume = { name: SIDECAR_VOLUME, emptyDir: {} };
  return {
    type: 'patch',
    patch: [
      // The first, so that other init containers have the mesh, too.
      prepend('/spec/initContainers', spec?.initContainers, sidecarContainer(template, instance)),
      prepend('/spec/volumes', spec?.volumes, volume),
    ],
  };
}

function prepend(
  path: string,
  list: readonly unknown[] | null | undefined,
  value: unknown,
): PatchOperation {
  const there = (list ?? []).length > 0;
  return { op: 'add', path: there ? `${path}/0` : path, value: there ? value : [value] };
}

function instanceOf({ metadata, spec }: Pod): SidecarInstance | { readonly message: string } {
  const { annotations = {}, labels = {} } = metadata ?? {};
  if (spec?.hostNetwork === true)
    return { message: 'a pod in the network of its node has no sidecar of its own' };
  const service = annotations[SERVICE] ?? labels[NAME];
  if (!service) return { message: `say which service it is an instance of: annotation ${SERVICE}` };
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const first = ports.find(({ protocol = 'TCP' }) => protocol === 'TCP')?.containerPort;
  const stated = annotations[PORT];
  if (stated !== undefined && !/^\d{1,5}$/.test(stated))
    return { message: `annotation ${PORT} is no number: "${stated}"` };
  const port = stated === undefined ? first : Number(stated);
  if (port === undefined || port < 1 || port > 65_535)
    return { message: `say where it listens: annotation ${PORT}, 1 to 65535, or a containerPort` };
  const check = annotations[CHECK];
  const zone = labels[ZONE];
  return { service, port, ...(check && { check }), ...(zone && { zone }) };
}
