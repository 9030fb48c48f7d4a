import { type Curator, payloadClasses, standardUriSpec } from '@meshkeeper/testbed';
import { type Backend, startBackend } from './backend.ts';

/** An instance of a service: a backend, and its registration by Curator itself. */
export interface Application extends AsyncDisposable {
  /** What it answers with; also its id in the registry. */
  readonly name: string;
  readonly service: string;
  readonly backend: Backend;
  /** Takes the registration back; the backend goes on. */
  unregister(): Promise<void>;
}

/** What an application is. */
export interface ApplicationOptions {
  readonly curator: Curator;
  readonly service: string;
  readonly name: string;
  /** Registers as Spring Cloud Zookeeper does. */
  readonly spring?: boolean;
}

/** Starts a backend, and registers it. */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const { curator, service, name, spring = false } = options;
  const backend = await startBackend(name);
  const payload = {
    '@class': payloadClasses.spring,
    id: service,
    name: service,
    metadata: { instance_status: 'UP' },
  };
  await curator.register({
    ...{ name: service, id: name, address: '127.0.0.1', port: backend.port },
    ...(spring && { payload, uriSpec: standardUriSpec }),
  });
  return {
    name,
    service,
    backend,
    unregister: () => curator.unregister(name),
    [Symbol.asyncDispose]: () => backend.kill(),
  };
}
