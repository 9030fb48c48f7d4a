import { describe, test } from 'node:test';
import { skipWithout } from '@meshkeeper/testbed';
import { backend } from '../fixture.ts';
import { httpChain, listener, rds, staticCluster } from '../stage.ts';
import { call, echo } from './caller.ts';
import { bothEngines } from './engines.ts';
import { ANSWERS } from './scenarios/answers.ts';
import { CHANGES } from './scenarios/changes.ts';
import { MATCHES } from './scenarios/matches.ts';
import { check, header, type Scenario } from './scenarios/scenario.ts';

const SCENARIOS = { ...MATCHES, ...ANSWERS, ...CHANGES };

const hostOf = (number: number, { authority }: Scenario) => authority ?? `s${number}.test`;

describe('routes do on both data planes', { skip: skipWithout('envoy') }, () => {
  const scenarios = Object.entries(SCENARIOS);
  const engines = bothEngines(async (stage, stack) => {
    for (const name of ['a', 'b']) {
      const { port } = stack.use(await backend(echo(name)));
      const cluster = staticCluster(name, [port]);
      for (const { lbEndpoints } of cluster.loadAssignment?.endpoints ?? []) {
        for (const { endpoint } of lbEndpoints ?? []) {
          if (endpoint) endpoint.hostname = `${name}.endpoint.test`;
        }
      }
      stage.put('cluster', cluster);
    }
    stage.put('route', {
      name: 'all',
      requestHeadersToAdd: [header('x-order', 'all')],
      responseHeadersToAdd: [header('x-back', 'all')],
      virtualHosts: scenarios.map(([name, scenario], i) => ({
        name,
        domains: [hostOf(i, scenario), `${hostOf(i, scenario)}:*`],
        ...scenario.host,
      })),
    });
    const manager = {
      rds: rds('all'),
      useRemoteAddress: { value: true },
      normalizePath: { value: true },
      mergeSlashes: true,
    };
    stage.put('listener', listener('http', [httpChain(manager)]));
  });

  for (const [number, [name, scenario]] of scenarios.entries()) {
    test(name, async () => {
      for (const engine of engines) {
        for (const [request, expected] of scenario.calls) {
          const host = hostOf(number, scenario);
          const answer = await call(engine.port('http'), host, request);
          check(answer, expected, `${engine.name}: ${JSON.stringify(request)}`);
        }
      }
    });
  }
});
