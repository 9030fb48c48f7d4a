import { Catalog, type ServiceChange, type Snapshot } from '@meshkeeper/mesh';
import type { XdsObserver } from '@meshkeeper/xds';
import type { Logger } from '@meshkeeper/zookeeper';
import { startApi } from './api/api-server.ts';
import { AuditLog } from './audit/audit-log.ts';
import { openAuth } from './auth/open-auth.ts';
import { formatHostPort } from './config/listen.ts';
import { type Config, ensembleOf } from './config/schema.ts';
import { openConfiguration } from './configuration/open-configuration.ts';
import { CatalogIndex } from './consul-api/catalog-index.ts';
import { DataPlanes } from './convergence/data-planes.ts';
import { EventBus } from './events/event-bus.ts';
import { publishConfiguration } from './events/publish-configuration.ts';
import { publishProxies } from './events/publish-proxies.ts';
import { publishServices } from './events/publish-services.ts';
import { AnswerStore } from './idempotency/answer-store.ts';
import { Identity } from './identity/identity.ts';
import { RecordKeeper } from './journal/record-keeper.ts';
import { openLeaders } from './leaders/open-leaders.ts';
import { openLeases } from './leases/open-leases.ts';
import { Members } from './members/members.ts';
import { MeshConvergence } from './members/mesh-convergence.ts';
import { Metrics } from './metrics/metrics.ts';
import { observers } from './metrics/observers.ts';
import { Mirrors } from './mirrors/mirrors.ts';
import { openMirrors } from './mirrors/open-mirrors.ts';
import { OverlayStore } from './overlays/overlay-store.ts';
import { Destinations } from './plugins/destinations.ts';
import { listenDns, listenXds } from './plugins/listen.ts';
import { loadPlugins } from './plugins/load-plugins.ts';
import { identityOfSource, openDestinations, openSources } from './plugins/open-bridges.ts';
import { resolveBridges } from './plugins/resolve.ts';
import { dnsDestination, xdsDestination } from './plugins/served.ts';
import { openPolicies } from './policies/open-policies.ts';
import { PolicyStandings } from './policies/policy-standings.ts';
import { Reconciler } from './reconciler.ts';
import { Ensembles } from './registries/ensembles.ts';
import { identityOfRegistry, openRegistries } from './registries/open-registries.ts';
import { reachZooKeeper } from './registries/reach-zookeeper.ts';

/** What a control plane is started with. */
export interface ControlPlaneOptions {
  readonly config: Config;
  readonly logger: Logger;
  /**
   * Called with each snapshot that is served, what it changed, and when it was handed to the data
   * planes, by `now`: a response that was sent earlier does not hold it.
   */
  readonly onSnapshot?: (snapshot: Snapshot, changes: readonly ServiceChange[], at: number) => void;
  /** Is told what the data planes do. Must not throw. */
  readonly observer?: XdsObserver;
  /** How long to wait for a first connection to ZooKeeper, in milliseconds. Default 10,000. */
  readonly connectTimeout?: number;
  /** Milliseconds between two load reports of a data plane. Default 10,000. */
  readonly loadReportInterval?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A running control plane. */
export interface ControlPlane extends AsyncDisposable {
  /** `http://host:port` of the HTTP API. */
  readonly api: string;
  /** `host:port` of the xDS server. */
  readonly xds: string;
  /** `host:port` at which DNS is answered, by UDP and TCP. */
  readonly dns: string;
  /** Resolves with the first snapshot that is served. */
  readonly ready: Promise<void>;
  /** Ends it: data planes keep what they have. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a control plane: registries are read into the catalog, the catalog's snapshots are served
 * over xDS, the API shows all of it. What is composed here is all there is.
 * @throws ControlPlaneError
 */
export async function startControlPlane(
  options: ControlPlaneOptions,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<ControlPlane> {
  const { config, logger, now = Date.now } = options;
  await using stack = new AsyncDisposableStack();
  const ready = Promise.withResolvers<void>();

  const plugins = await loadPlugins(config.plugins);
  const bridges = await resolveBridges(config, plugins);
  const { dialects } = plugins;
  const identities = [
    ...config.registries.map((each) => identityOfRegistry(each, ensembleOf(config))),
    ...config.sources.map(identityOfSource),
  ];
  const { dataDir } = config.controlPlane;
  const records = stack.use(await RecordKeeper.open(dataDir, identities, logger));
  const catalog = new Catalog(
    [...config.registries, ...config.sources].map(({ name, priority }) => ({ name, priority })),
    { ...config.protection, lastInstance: config.protection.lastInstance ?? true },
  );
  const restored = records.restore(catalog, identities);
  const zk = stack.use(await reachZooKeeper(options, restored, signal));
  const { sessionTimeout } = config.zookeeper;
  const ensembles = stack.use(new Ensembles({ sessionTimeout, logger }));
  const registries = await openRegistries(config.registries, dialects, async (connect) =>
    connect === undefined ? zk : ensembles.client(connect),
  );
  const bridging = { config, bridges, zk, catalog, logger, now };
  const policies = stack.use(
    await openPolicies({
      ...{ zk, config, logger, restored },
      sources: config.sources.map(identityOfSource),
      sourcesChanged(compiled) {
        catalog.setPolicies(compiled);
        reconciler.changed();
      },
    }),
  );
  const sources = [
    ...registries,
    ...openSources({ ...bridging, policies: policies.sourced }, stack),
  ];
  const overlays = new OverlayStore(zk, logger);
  const mirrors = stack.use(
    new Mirrors({ rules: openMirrors(config, dialects, stack, logger), zk, catalog, logger }),
  );
  const events = new EventBus(records.run, now);
  const leaders = stack.use(
    openLeaders({ zk, config, ensembles, catalog, logger, changed: () => reconciler.changed() }),
  );
  const metrics = new Metrics(sources, catalog, mirrors, now);
  const dataPlanes = new DataPlanes(() => xds, now);
  stack.use(publishProxies(events, dataPlanes.changes));
  const members = new Members({
    ...{ zk, logger, now },
    convergence: dataPlanes.convergence,
    revisions: policies.served,
    server: () => xds,
  });
  const standings = stack.use(
    new PolicyStandings({
      ...{ served: policies.served, sourced: policies.sourced, others: members },
      ...{ convergence: dataPlanes.convergence, kinds: dataPlanes.kinds },
      snapshot: () => catalog.snapshot,
    }),
  );
  const observer = observers(
    ...[metrics.observer, dataPlanes.observer, members.observer, standings.observer],
    options.observer ?? {},
  );
  const xds = stack.use(await listenXds(options, observer, signal));
  const dns = stack.use(await listenDns(options, metrics.dnsObserver));
  const destinations = new Destinations(
    [
      xdsDestination(xds),
      dnsDestination(dns),
      ...mirrors.destinations,
      ...openDestinations(bridging, stack),
    ],
    { catalog, logger },
  );
  metrics.watch(destinations);
  // Ends before the data planes are left: they are then expected at another replica.
  stack.use(members.start());
  const mesh = new MeshConvergence(dataPlanes.convergence, policies.served, members);
  const served = new CatalogIndex();
  const reconciler = stack.use(
    new Reconciler({
      catalog,
      sources,
      overlays,
      policyStore: policies.store,
      logger,
      restored,
      policies: (list) => catalog.setPolicies(policies.take(list)),
      reset: (source) => metrics.reset(source),
      publish(snapshot, changes) {
        const at = now();
        metrics.published(changes, snapshot.revision, at);
        dataPlanes.times.published(snapshot.revision, at);
        records.append(snapshot, changes, at);
        destinations.update(snapshot, changes);
        served.update(snapshot, changes);
        publishServices(events, snapshot.revision, changes);
        leaders.update(snapshot, changes);
        standings.published(changes);
        options.onSnapshot?.(snapshot, changes, at);
        ready.resolve();
      },
      committed() {
        metrics.committed(now());
        if (policies.served.committed(catalog.snapshot))
          events.publish('policies', { revision: policies.served.list?.revision });
        members.changed();
        standings.changed();
        destinations.committed();
      },
      failed: (err) => logger.warn({ err }, 'a registry can not be followed any more'),
    }),
  );
  const audit = stack.use(new AuditLog({ zk, logger }));
  const configuration = stack.use(
    await openConfiguration({
      ...{ zk, config: config.configuration, dataDir, identity: ensembleOf(config) },
      ...{ audit, logger, now },
    }),
  );
  const identity = stack.use(
    new Identity({
      ...{ zk, config: config.identity, keys: configuration.keys, audit, logger, now },
      services: () => Array.from(catalog.snapshot.services, ({ name }) => name),
    }),
  );
  stack.use(publishConfiguration(events, configuration.live));
  const { queues, registrations } = openLeases(
    { zk, config, dialects, catalog, members, events, logger, now },
    stack,
  );
  const { tokens, authenticator } = await openAuth({ zk, config, logger, now }, stack);
  const api = stack.use(
    await startApi({
      ...{ config: config.controlPlane.api, authenticator, tokens, logger, events, audit },
      answers: new AnswerStore(zk, now),
      ...{ catalog, sources, overlays, policies, standings, records, xds, metrics, mirrors },
      ...{ destinations, dataPlanes, members, mesh, configuration, identity },
      ...{ queues, registrations, served },
      listening: { xds: xds.address, dns: dns.address },
      ready: () => reconciler.ready,
    }),
  );

  const running = stack.move();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= running.disposeAsync();
    return closing;
  };
  return {
    api: api.url,
    xds: formatHostPort(xds.address),
    dns: formatHostPort(dns.address),
    ready: ready.promise,
    close,
    [Symbol.asyncDispose]: close,
  };
}
