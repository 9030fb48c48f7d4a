import type { RequestOptions } from 'node:https';
import { KubernetesError } from './kubernetes-error.ts';

/** Where the configuration of a cluster is. */
export interface AccessOptions {
  /**
   * A kubeconfig file. Without it: `KUBECONFIG`, `~/.kube/config`, the service account of the pod that
   * this runs in, in that order.
   */
  readonly kubeconfig?: string | undefined;
  /** The context within it. Default: its current one. */
  readonly context?: string | undefined;
}

/** What the connection to a server is secured by. */
export interface TlsSettings {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** What goes with a request. */
export interface Credentials {
  readonly tls: TlsSettings;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a cluster's API is reached, and as whom. */
export interface Access {
  /** `https://host:port`, perhaps with a path. */
  readonly server: string;
  /** The namespace that the context, or the pod, is in. Default `default`. */
  readonly namespace: string;
  /** A proxy on the way. */
  readonly proxy: string | undefined;
  /** What is valid now: tokens are read anew, plug-ins are run when what they gave has expired. */
  credentials(): Promise<Credentials>;
}

/**
 * Reads the configuration, as kubectl does. The library that does it takes 0.3 s and 60 MB to load, so
 * that it is loaded here, by those who need it.
 * @throws KubernetesError `NO_CONFIGURATION`
 */
export async function readAccess({ kubeconfig, context }: AccessOptions = {}): Promise<Access> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (cause) {
    const where = kubeconfig ?? 'the default kubeconfig';
    throw new KubernetesError(
      'NO_CONFIGURATION',
      `${where} can't be read (${(cause as Error).message}): name a file with kubernetes.kubeconfig`,
      { cause },
    );
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      const known = config.getContexts().map(({ name }) => name);
      throw new KubernetesError(
        'NO_CONFIGURATION',
        `there is no context ${context} in the kubeconfig; there are: ${known.join(', ')}`,
      );
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new KubernetesError(
      'NO_CONFIGURATION',
      'the kubeconfig has no current context: name one with kubernetes.context',
    );
  // The library refuses plain HTTP unless it is said that nothing is verified, which kubectl does not.
  if (cluster.server.startsWith('http:')) Object.assign(cluster, { skipTLSVerify: true });
  return {
    server: cluster.server.replace(/\/$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    proxy: cluster.proxyUrl,
    async credentials() {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (cause) {
        throw new KubernetesError(
          'UNREACHABLE',
          `credentials could not be had: ${(cause as Error).message}`,
          { cause },
        );
      }
      return credentialsOf(options);
    },
  };
}

function credentialsOf(options: RequestOptions): Credentials {
  const { ca, cert, key, servername, rejectUnauthorized, auth } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {}))
    if (typeof value === 'string') headers[name.toLowerCase()] = value;
  if (typeof auth === 'string')
    headers.authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  return {
    headers,
    // The library gives files' contents: one each.
    tls: {
      ...(ca !== undefined && { ca: ca as Buffer }),
      ...(cert !== undefined && { cert: cert as Buffer }),
      ...(key !== undefined && { key: key as Buffer }),
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
  };
}
