import type { Catalog, Explanation, Problem, RegistrySource } from '@meshkeeper/mesh';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { DataPlanes } from '../convergence/data-planes.ts';
import { deliveriesOf } from '../explain/delivery.ts';
import { statedPolicies } from '../explain/stated-policies.ts';
import { endpointVerdict, serviceVerdict } from '../explain/verdict.ts';
import type { ServedPolicies } from '../policies/served-policies.ts';
import { deliveriesView, explanationView, unservableView } from './explain-view.ts';
import { route } from './route.ts';
import { serviceParams } from './schemas/catalog-schemas.ts';
import { explanationSchema } from './schemas/explain-schemas.ts';

/** What explanations are made of. */
export interface ExplainContext {
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly policies: Pick<ServedPolicies, 'findings'>;
  readonly dataPlanes: DataPlanes;
}

const query = z.strictObject({
  endpoint: z.string().optional().describe('An id, an address, or an address and port.'),
  proxy: z.string().optional().describe("A data plane's id."),
});

/** Why a service is served as it is: from its znodes to what each data plane has acknowledged. */
export function explainRoute(app: FastifyInstance, context: ExplainContext): void {
  route(app, {
    method: 'GET',
    path: '/api/v1/explain/:service',
    id: 'explainService',
    tag: 'catalog',
    summary: 'Why a service is served as it is, from its znodes to the data planes',
    role: 'viewer',
    params: serviceParams,
    query,
    answer: explanationSchema,
    handle: (request) => explained(request.params.service, request.query, context),
  });
}

function explained(
  name: string,
  { endpoint: wanted, proxy }: z.output<typeof query>,
  { catalog, sources, policies, dataPlanes }: ExplainContext,
) {
  const { snapshot } = catalog;
  const { revision } = snapshot;
  const service = snapshot.services.get(name);
  const all = catalog.explain(name);
  const is = isWanted(wanted);
  const explanation = wanted === undefined ? all : only(all, is);
  const problems = sources
    .flatMap((source) => [...source.problems.values()])
    .filter((problem) => concerns(problem, name))
    .filter(({ path }) => wanted === undefined || path.includes(wanted));
  const [first] = explanation.endpoints;
  const id = first?.served?.id;
  const unservable = dataPlanes.server.problems.filter(
    (problem) =>
      problem.service === name &&
      (wanted === undefined || problem.endpoint === undefined || problem.endpoint === id),
  );
  const { server, deliveries: kept, times } = dataPlanes;
  const deliveries = deliveriesOf(
    name,
    { server, deliveries: kept, policies: snapshot.policies },
    { proxy, ...(wanted !== undefined && first && { endpoint: first }) },
  );
  const stated = service && statedPolicies(service, snapshot, policies.findings(snapshot));
  const way = {
    ...{ explanation, revision, served: service !== undefined, policies: stated, proxy },
    ...{ unusable: problems.length > 0, unservable, deliveries },
    unread: sources.filter(({ state }) => state.type === 'starting').map((source) => source.name),
  };
  return {
    service: name,
    ...(wanted !== undefined && { endpoint: wanted }),
    /** Where the way from the znode to the data planes ends. */
    verdict: wanted === undefined ? serviceVerdict(way) : endpointVerdict(way),
    served: service !== undefined,
    revision,
    ...explanationView(explanation, sources, problems),
    /** What its registry states of its traffic, each part with the znode that says so. */
    ...(service?.policy && { policy: service.policy }),
    /** What operators state, and which of all that is stated holds. */
    ...(stated && { policies: stated }),
    /** What data planes can't be told. */
    unservable: unservable.map(unservableView),
    dataPlanes: deliveriesView(deliveries, times),
  };
}

type Place = { readonly id: string; readonly address: string; readonly port: number };

/** Whether an endpoint is the one that is called by its id, its address, or both with the port. */
function isWanted(wanted: string | undefined): (endpoint: Place) => boolean {
  return ({ id, address, port }) =>
    wanted !== undefined &&
    [id, address, `${address}:${port}`, `[${address}]:${port}`].includes(wanted);
}

/** The part that concerns some endpoints. */
function only(all: Explanation, is: (endpoint: Place) => boolean): Explanation {
  return {
    ...all,
    endpoints: all.endpoints.filter(
      (endpoint) => is(endpoint) || endpoint.registrations.some((each) => is(each.endpoint)),
    ),
    gone: all.gone.filter(({ endpoint }) => is(endpoint)),
  };
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
