/** What every injected sidecar is given. */
export interface SidecarTemplate {
  /** The image with `meshkeeper` and Envoy. */
  readonly image: string;
  /** The control plane's API, as pods reach it. */
  readonly server: string;
  /** Its xDS server, `host:port`. */
  readonly xds: string;
  /** The secret with the token of the API, in the pod's own namespace. Default: none is sent. */
  readonly tokenSecret?: { readonly name: string; readonly key: string };
  readonly resources?: SidecarResources;
}

/** What a sidecar may take of its node. */
export interface SidecarResources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

/** What is particular to a pod. */
export interface SidecarInstance {
  readonly service: string;
  readonly port: number;
  /** Path of its health check. Default: it takes connections. */
  readonly check?: string;
  readonly zone?: string;
}

export const SIDECAR_NAME = 'meshkeeper-sidecar';
export const SIDECAR_VOLUME = 'meshkeeper-sidecar';

const RESOURCES: SidecarResources = {
  requests: { cpu: '50m', memory: '128Mi' },
  limits: { memory: '512Mi' },
};

/** Where the sidecar's own proxy listens. */
const OUTBOUND = 15_001;
const CONNECTS = `require('net').connect(${OUTBOUND},'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))`;

const fromPod = (name: string, fieldPath: string) => ({
  name,
  valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } },
});

/**
 * A native sidecar: an init container that goes on running, so that it is there before the pod's own
 * containers and ends after them. It runs Envoy, which it bootstraps itself.
 */
export function sidecarContainer(template: SidecarTemplate, instance: SidecarInstance): object {
  const { image, server, xds, tokenSecret, resources = RESOURCES } = template;
  const { service, port, check, zone } = instance;
  return {
    name: SIDECAR_NAME,
    image,
    restartPolicy: 'Always',
    args: [
      ...['sidecar', '--service', service, '--port', String(port)],
      ...['--address', '$(POD_IP)', '--id', '$(POD_NAMESPACE).$(POD_NAME)'],
      ...['--data-plane', 'envoy', '--server', server, '--xds', xds],
      ...(check === undefined ? [] : ['--check', check]),
      ...(zone === undefined ? [] : ['--zone', zone]),
    ],
    env: [
      fromPod('POD_IP', 'status.podIP'),
      fromPod('POD_NAME', 'metadata.name'),
      fromPod('POD_NAMESPACE', 'metadata.namespace'),
      ...(tokenSecret === undefined
        ? []
        : [{ name: 'MESHKEEPER_TOKEN', valueFrom: { secretKeyRef: tokenSecret } }]),
    ],
    // The pod's own containers wait until calls to others can go through it.
    startupProbe: {
      exec: { command: ['node', '-e', CONNECTS] },
      periodSeconds: 1,
      failureThreshold: 60,
      timeoutSeconds: 5,
    },
    resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      runAsUser: 1000,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [{ name: SIDECAR_VOLUME, mountPath: '/tmp' }],
  };
}
