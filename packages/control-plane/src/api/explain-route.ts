import type {
  Catalog,
  Endpoint,
  ExplainedEndpoint,
  Explanation,
  Problem,
  RegistrySource,
} from '@meshkeeper/mesh';
import type { FastifyInstance } from 'fastify';
import { heldView, originView } from './views.ts';

/** Problems that are told with a service, at most. */
const PROBLEMS = 20;

/** Why a service is served as it is: from its znodes to what the data planes get. */
export function explainRoute(
  app: FastifyInstance,
  catalog: Catalog,
  sources: readonly RegistrySource[],
): void {
  app.get<{ Params: { service: string } }>('/api/v1/explain/:service', ({ params }) =>
    explanationView(catalog.explain(params.service), catalog, sources),
  );
}

function explanationView(
  explanation: Explanation,
  catalog: Catalog,
  registries: readonly RegistrySource[],
) {
  const { name, ready, sources, conflicts, hold, alarm, endpoints, gone } = explanation;
  const state = new Map(registries.map((source) => [source.name, source.state.type]));
  const problems = registries.flatMap((source) => [...source.problems.values()]);
  const served = catalog.snapshot.services.get(name);
  return {
    service: name,
    ready,
    served: served !== undefined,
    revision: catalog.snapshot.revision,
    sources: sources.map((source) => ({ ...source, state: state.get(source.name) })),
    conflicts,
    hold,
    ...(alarm && { alarm }),
    /** What its registry states of its traffic, each part with the znode that says so. */
    ...(served?.policy && { policy: served.policy }),
    endpoints: endpoints.map(endpointView),
    gone: gone.map(({ endpoint, departure, at }) => ({
      endpoint: plain(endpoint),
      departure,
      at: new Date(at).toISOString(),
    })),
    /** What could not be used and may belong to it. */
    problems: problems.filter((problem) => concerns(problem, name)).slice(0, PROBLEMS),
  };
}

function endpointView({ registrations, held, served, ...rest }: ExplainedEndpoint) {
  return {
    ...rest,
    registrations: registrations.map(({ endpoint, ...registration }) => ({
      ...registration,
      endpoint: plain(endpoint),
    })),
    ...(held && { held: heldView(held) }),
    ...(served && { served: plain(served) }),
  };
}

function plain({ origin, ...endpoint }: Endpoint) {
  return { ...endpoint, origin: originView(origin) };
}

/** True when the service's name stands in the problem's path, as it is or encoded. */
function concerns({ path, services = [] }: Problem, service: string): boolean {
  const [name = service] = service.split(/[:@]/);
  return (
    services.includes(service) ||
    services.includes(name) ||
    path.includes(`/${name}/`) ||
    path.endsWith(`/${name}`) ||
    path.includes(encodeURIComponent(name))
  );
}
