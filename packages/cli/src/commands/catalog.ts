import type { Command } from 'commander';
import { segment } from '../api-client.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { clean, type Table } from '../output/table.ts';
import { show, WATCH, type WatchFlags } from '../show.ts';

interface ServiceView {
  readonly name: string;
  readonly protocol: string;
  readonly registries: readonly string[];
  readonly endpoints: number;
  readonly healthy: number;
  readonly draining: number;
  readonly held: number;
  /** By which callers know it, too. */
  readonly hosts?: readonly string[];
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

interface EndpointsView {
  readonly endpoints: readonly EndpointView[];
}

export function addCatalogCommands(program: Command): void {
  program
    .command('services')
    .argument('[name]', 'one service')
    .option(...WATCH)
    .description('the services of the catalog, and what in the registries could not be used')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper services\n  meshkeeper services orders -o json\n  meshkeeper services --watch',
    )
    .action(async (name: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf<WatchFlags>(command);
      if (name === undefined) await listServices(options);
      else await showService(name, options);
    });
  program
    .command('endpoints')
    .argument('<name>', 'the service')
    .option(...WATCH)
    .description("a service's endpoints")
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper endpoints orders\n  meshkeeper endpoints orders --watch',
    )
    .action(async (name: string, _: unknown, command: Command) => {
      const options = optionsOf<WatchFlags>(command);
      const path = `/services/${segment(name)}/endpoints`;
      await show<EndpointsView>(path, options, {
        table: ({ endpoints }) =>
          endpoints.length === 0 ? `${clean(name)} has no endpoints` : endpointsTable(endpoints),
        rows: ({ endpoints }) => new Map(endpoints.map((each) => [each.id, endpointLine(each)])),
      });
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
    least: ['ZNODE', 'REGISTRY', ...loadHead],
    rows: endpoints.map(({ id, address, port, weight, health, held, role, load, origin }) => [
      id,
      hostPortText(address, port),
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

async function listServices(options: WatchFlags & GlobalOptions): Promise<void> {
  const data = await show<ServicesView>('/services', options, {
    table: ({ services }) =>
      services.length === 0
        ? 'no services yet: register one, or look at the registries: in meshkeeper.yaml'
        : servicesTable(services),
    rows: ({ services }) => new Map(services.map((each) => [each.name, serviceLine(each)])),
  });
  // For people; a script finds them in the data.
  for (const { name, state, staleSince, problems } of data?.registries ?? []) {
    if (state !== 'live')
      warn(
        `registry ${name} is ${state}${staleSince ? ` since ${staleSince}` : ''}: what was last known is served`,
      );
    for (const { path, code, message } of problems) warn(`${code} ${path}: ${message}`);
  }
}

async function showService(name: string, options: WatchFlags & GlobalOptions): Promise<void> {
  await show<ServiceView>(`/services/${segment(name)}`, options, {
    table: (service) => servicesTable([service]),
    rows: (service) => new Map([[service.name, serviceLine(service)]]),
  });
}

function serviceLine({ protocol, healthy, endpoints, draining, held }: ServiceView): string {
  return `${protocol} ${healthy}/${endpoints} draining ${draining} held ${held}`;
}

function endpointLine({ address, port, weight, health, held }: EndpointView): string {
  return `${hostPortText(address, port)} weight ${weight} ${health}${held ? ' held' : ''}`;
}

function servicesTable(services: readonly ServiceView[]): Table {
  // Shown where a registry states some: most have no names of their own.
  const stated = services.some(({ hosts }) => hosts !== undefined);
  return {
    head: [
      ...['NAME', 'PROTOCOL', 'ENDPOINTS', 'DRAINING', 'HELD', 'REGISTRIES'],
      ...(stated ? ['HOSTS'] : []),
    ],
    rows: services.map((service) => [
      ...row(service),
      ...(stated ? [service.hosts?.join(',') ?? '-'] : []),
    ]),
    least: ['HOSTS', 'REGISTRIES', 'PROTOCOL'],
  };
}

function hostPortText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

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
