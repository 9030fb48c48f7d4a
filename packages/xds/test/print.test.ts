import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { freePort, skipWithout, startEnvoy, until } from '@meshkeeper/testbed';
import { Any } from '../src/codec/messages.ts';
import {
  duration,
  encodeResource,
  envoyBootstrap,
  type Json,
  MessagePrinter,
  pack,
  Router,
  startXdsServer,
  textStruct,
} from '../src/index.ts';
import { Catalog, endpoint, service } from './fixture.ts';

const signal = AbortSignal.timeout(60_000);

/** Any resource in Envoy's dump is somewhere in it, as an object with `@type`. */
function* resourcesIn(dump: Json): Generator<Readonly<Record<string, Json>>> {
  if (typeof dump !== 'object' || dump === null) return;
  if (!Array.isArray(dump) && '@type' in dump) yield dump as Readonly<Record<string, Json>>;
  for (const value of Object.values(dump)) yield* resourcesIn(value);
}

/** Envoy shows virtual hosts inside of their route configuration, also those that came apart from it. */
function apart(resource: Readonly<Record<string, Json>>): Readonly<Record<string, Json>>[] {
  if (resource.vhds === undefined) return [resource];
  const { virtual_hosts: hosts = [], ...routes } = resource;
  const type = 'type.googleapis.com/envoy.config.route.v3.VirtualHost';
  // An object of its own each.
  return [routes, ...(hosts as object[]).map((host) => ({ ...host, '@type': type }))];
}

describe('messages as JSON', () => {
  let printer: MessagePrinter;
  before(async () => {
    printer = await MessagePrinter.load();
  });

  test('durations, wrappers, enums, 64 bits, maps and structs are as protobuf has them', () => {
    const cluster = encodeResource('cluster', {
      name: 'shop',
      type: 3,
      connectTimeout: duration(1500),
      outlierDetection: { interval: duration(0), consecutive_5xx: { value: 0 } },
      commonLbConfig: { updateMergeWindow: { seconds: 0, nanos: 10_000 } },
      metadata: { filterMetadata: { 'meshkeeper.io': textStruct({ zone: 'a' }) } },
      ringHashLbConfig: { minimumRingSize: { value: 1024 } },
    });
    assert.deepEqual(printer.print(cluster), {
      '@type': 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
      name: 'shop',
      type: 'EDS',
      connect_timeout: '1.500s',
      outlier_detection: { interval: '0s', consecutive_5xx: 0 },
      common_lb_config: { update_merge_window: '0.000010s' },
      metadata: { filter_metadata: { 'meshkeeper.io': { zone: 'a' } } },
      ring_hash_lb_config: { minimum_ring_size: '1024' },
    });
  });

  test('an Any is printed with its type, one of another kind by its length only', () => {
    const typedConfig = pack('envoy.extensions.filters.http.router.v3.Router', Router, {
      suppressEnvoyHeaders: true,
    });
    const unknown = { type_url: 'type.googleapis.com/example.Secret', value: Buffer.from('xyz') };
    const timeout = Any.encode({
      type_url: 'type.googleapis.com/google.protobuf.Duration',
      value: Buffer.from([8, 2]),
    }).finish();
    const listener = encodeResource('listener', {
      name: 'in',
      listenerFilters: [
        { name: 'router', typedConfig },
        { name: 'other', typedConfig: unknown },
      ],
    });
    assert.deepEqual(printer.print(listener), {
      '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
      name: 'in',
      listener_filters: [
        {
          name: 'router',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
            suppress_envoy_headers: true,
          },
        },
        { name: 'other', typed_config: { '@type': unknown.type_url, value: '[3 bytes]' } },
      ],
    });
    assert.deepEqual(printer.print(timeout), {
      '@type': 'type.googleapis.com/google.protobuf.Duration',
      value: '2s',
    });
  });

  test('a private key is never shown, wherever it stands; a certificate is', () => {
    const certificate = {
      certificateChain: { inlineString: 'CHAIN' },
      privateKey: { inlineBytes: Buffer.from('KEY') },
    };
    const secret = printer.print(
      encodeResource('secret', { name: 's', tlsCertificate: certificate }),
    );
    assert.deepEqual(secret, {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
      name: 's',
      tls_certificate: {
        certificate_chain: { inline_string: 'CHAIN' },
        private_key: { inline_bytes: '[redacted]' },
      },
    });
  });

  test("the resources are as Envoy's own config_dump prints them", {
    skip: skipWithout('envoy'),
  }, async () => {
    await using server = await startXdsServer({ listen: { host: '127.0.0.1', port: 0 } });
    server.update(
      ...new Catalog().put(
        service('shop', [
          endpoint(1, { role: 'leader', locality: { region: 'r', zone: 'z', subzone: '' } }),
          endpoint(2, { weight: 3, health: 'unhealthy' }),
        ]),
        service('rpc', [3], 'grpc'),
        service('tcp', [4], 'tcp'),
      ),
    );
    const config = envoyBootstrap({
      xds: server.address,
      node: { id: 'envoy-1', cluster: 'test' },
      gateway: `127.0.0.1:${await freePort()}`,
    });
    await using envoy = await startEnvoy({ config, signal });
    await until(() => server.proxies()[0]?.types.every(({ state }) => state === 'synced'), {
      signal,
    });
    const dump: Json = JSON.parse(await envoy.admin('/config_dump?include_eds'));
    const [stream] = server.proxies();
    const ours = server.resources(stream?.stream ?? 0)?.resources ?? [];
    assert.ok(ours.length >= 7);
    const dumped = [...resourcesIn(dump)].flatMap(apart);
    for (const { typeUrl, name, served } of ours) {
      const printed = printer.print(served!.any) as Readonly<Record<string, Json>>;
      const key = typeUrl.endsWith('ClusterLoadAssignment') ? 'cluster_name' : 'name';
      const theirs = dumped.find((each) => each['@type'] === typeUrl && each[key] === name);
      // Of endpoints Envoy prints what it has made of them: defaults of its own come in.
      if (key === 'cluster_name') assert.partialDeepStrictEqual(theirs, printed);
      else assert.deepEqual(printed, theirs, `${typeUrl} ${name}`);
    }
  });
});
