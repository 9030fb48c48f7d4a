import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diff, EMPTY_SNAPSHOT, NO_LOCALITY, type Service } from '@meshkeeper/mesh';
import { component, freePort, startEnvoy, tempDir, until } from '@meshkeeper/testbed';
import { startXdsServer } from '@meshkeeper/xds';
import { runProgram, runScript } from '../process/child.ts';
import { onPath } from '../process/on-path.ts';

/** A gateway that runs and can be measured. */
export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** Starts a gateway in front of `backend`, a port; undefined when it is not installed. */
type Start = (backend: number, signal: AbortSignal) => Promise<Subject | undefined>;

/** The host by which the load asks for the backend. */
export const HOST = 'backend.mesh';

const here = (file: string) => join(import.meta.dirname, file);

/** The embedded proxy, its control plane in this process. */
export const ours: Start = async (backend, signal) => {
  await using stack = new AsyncDisposableStack();
  const listen = { host: '127.0.0.1', port: 0 };
  const xds = stack.use(await startXdsServer({ listen }, { signal }));
  const services = EMPTY_SNAPSHOT.services.with(new Map([['backend', service(backend)]]));
  const snapshot = { ...EMPTY_SNAPSHOT, revision: 1, services };
  xds.update(snapshot, diff(EMPTY_SNAPSHOT, snapshot));
  const child = stack.use(await runScript(here('ours.ts'), [String(xds.address.port)], signal));
  return subject('meshkeeper', child.pid, Number(child.said), stack.move());
};

/** The gateways that ours is compared with. */
export const peers: Readonly<Record<string, Start>> = {
  async 'http-proxy'(backend, signal) {
    await using stack = new AsyncDisposableStack();
    const child = stack.use(await runScript(here('http-proxy.ts'), [String(backend)], signal));
    return subject('http-proxy', child.pid, Number(child.said), stack.move());
  },

  async nginx(backend, signal) {
    const program = onPath('nginx');
    if (!program) return undefined;
    await using stack = new AsyncDisposableStack();
    const dir = stack.use(await tempDir('meshkeeper-bench-'));
    const port = await freePort();
    const file = join(dir.path, 'nginx.conf');
    await writeFile(file, nginxConfig(dir.path, port, backend));
    const child = stack.use(
      runProgram(program, ['-c', file, '-p', dir.path, '-e', 'stderr'], signal),
    );
    const answers = () => fetch(`http://127.0.0.1:${port}/`).then(({ ok }) => ok);
    await until(answers, { signal, message: 'nginx answers' });
    return subject('nginx', child.pid, port, stack.move());
  },

  async envoy(backend, signal) {
    if (!component('envoy').ok) return undefined;
    await using stack = new AsyncDisposableStack();
    const config = envoyConfig(backend);
    const envoy = stack.use(
      await startEnvoy({ config, concurrency: 1, logLevel: 'error', signal }),
    );
    const port = (await envoy.listenerPorts({ signal })).gateway;
    return subject('envoy', envoy.pid, port ?? 0, stack.move());
  },
};

function subject(name: string, pid: number, port: number, stack: AsyncDisposableStack): Subject {
  return { name, pid, port, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function service(port: number): Service {
  const origin = { registry: 'bench', path: '/backend', czxid: 1n, mzxid: 1n, mtime: 0 };
  const facts = { weight: 100, locality: NO_LOCALITY, health: 'healthy', metadata: {} } as const;
  const endpoint = { id: 'backend', address: '127.0.0.1', port, ...facts, origin };
  return { name: 'backend', protocol: 'http', endpoints: [endpoint] };
}

function nginxConfig(dir: string, port: number, backend: number): string {
  return `daemon off; master_process off; pid ${dir}/pid; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; client_body_temp_path ${dir}/b; proxy_temp_path ${dir}/p;
  fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
  keepalive_requests 100000000;
  upstream backend { server 127.0.0.1:${backend}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
    }
  }
}
`;
}

function envoyConfig(backend: number): Record<string, unknown> {
  const socket = (port_value: number) => ({ socket_address: { address: '127.0.0.1', port_value } });
  const type = 'type.googleapis.com/envoy.extensions.filters';
  const route = { match: { prefix: '/' }, route: { cluster: 'backend' } };
  const manager = {
    '@type': `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'gateway',
    use_remote_address: true,
    route_config: { virtual_hosts: [{ name: 'all', domains: [HOST], routes: [route] }] },
    http_filters: [{ name: 'router', typed_config: { '@type': `${type}.http.router.v3.Router` } }],
  };
  const filters = [{ name: 'http', typed_config: manager }];
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socket(backend) } }] }];
  return {
    static_resources: {
      listeners: [{ name: 'gateway', address: socket(0), filter_chains: [{ filters }] }],
      clusters: [
        {
          name: 'backend',
          connect_timeout: '1s',
          load_assignment: { cluster_name: 'backend', endpoints },
        },
      ],
    },
  };
}
