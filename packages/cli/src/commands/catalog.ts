import type { Command } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { clean, type Table } from '../output/table.ts';

interface ServiceView {
  readonly name: string;
  readonly protocol: string;
  readonly registries: readonly string[];
  readonly endpoints: number;
  readonly healthy: number;
  readonly draining: number;
  readonly held: number;
}

interface RegistryView {
  readonly name: string;
  readonly state: string;
  readonly staleSince?: string;
  readonly problems: readonly {
    readonly path: string;
    readonly code: string;
    readonly message: string;
  }[];
}

interface ServicesView {
  readonly revision: number;
  readonly services: readonly ServiceView[];
  readonly registries: readonly RegistryView[];
}

interface EndpointView {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly health: string;
  readonly held: boolean;
  readonly role?: 'leader';
  /** What data planes report of their requests to it, where they do. */
  readonly load?: {
    readonly requestsPerSecond: number;
    readonly errorsPerSecond: number;
    readonly inProgress: number;
  };
  readonly origin: { readonly registry: string; readonly path: string };
}

export function addCatalogCommands(program: Command): void {
  program
    .command('services')
    .argument('[name]', 'one service')
    .description('the services of the catalog, and what in the registries could not be used')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper services\n  meshkeeper services orders -o json\n  meshkeeper services --watch',
    )
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf(command);
      await (name === undefined ? listServices(options) : showService(name, options));
    });
  program
    .command('endpoints')
    .argument('<name>', 'the service')
    .description("a service's endpoints")
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper endpoints orders\n  meshkeeper endpoints orders --watch',
    )
    .action(async (name: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const path = `/services/${segment(name)}/endpoints`;
      const data = await new ApiClient(options).get<{ endpoints: readonly EndpointView[] }>(path);
      await print(data, options.output, ({ endpoints }) => endpointsTable(endpoints));
    });
}

function endpointsTable(endpoints: readonly EndpointView[]): Table {
  // Load is shown where somebody reports it: not every data plane does.
  const reported = endpoints.some(({ load }) => load !== undefined);
  const loadHead = ['REQUESTS/S', 'ERRORS/S', 'IN PROGRESS'];
  return {
    head: [
      ...['ID', 'ADDRESS', 'WEIGHT', 'HEALTH'],
      ...(reported ? loadHead : []),
      ...['REGISTRY', 'ZNODE'],
    ],
    rows: endpoints.map(({ id, address, port, weight, health, held, role, load, origin }) => [
      id,
      address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
      String(weight),
      `${health}${role === 'leader' ? ', leads' : ''}${held ? ' (held: gone from the registry)' : ''}`,
      ...(reported
        ? [load?.requestsPerSecond, load?.errorsPerSecond, load?.inProgress].map((rate) =>
            rate === undefined ? '-' : String(rate),
          )
        : []),
      origin.registry,
      origin.path,
    ]),
  };
}

async function listServices(options: GlobalOptions): Promise<void> {
  const data = await new ApiClient(options).get<ServicesView>('/services');
  await print(data, options.output, ({ services }) =>
    services.length === 0
      ? 'no services yet: register one, or look at the registries: in meshkeeper.yaml'
      : { head, rows: services.map(row) },
  );
  // For people; a script finds them in the data.
  for (const { name, state, staleSince, problems } of data.registries) {
    if (state !== 'live')
      warn(
        `registry ${name} is ${state}${staleSince ? ` since ${staleSince}` : ''}: what was last known is served`,
      );
    for (const { path, code, message } of problems) warn(`${code} ${path}: ${message}`);
  }
}

async function showService(name: string, options: GlobalOptions): Promise<void> {
  const data = await new ApiClient(options).get<ServiceView>(`/services/${segment(name)}`);
  await print(data, options.output, (service) => ({ head, rows: [row(service)] }));
}

const head = ['NAME', 'PROTOCOL', 'ENDPOINTS', 'DRAINING', 'HELD', 'REGISTRIES'];

function row(service: ServiceView): string[] {
  const { name, protocol, healthy, endpoints, draining, held, registries } = service;
  return [
    name,
    protocol,
    `${healthy}/${endpoints}`,
    draining === 0 ? '-' : String(draining),
    held === 0 ? '-' : String(held),
    registries.join(',') || '-',
  ];
}

function warn(text: string): void {
  process.stderr.write(`warning: ${clean(text)}\n`);
}
