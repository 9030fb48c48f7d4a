import { type RoutedRequest, routed, settingsFor } from '@meshkeeper/mesh';
import { encode } from '../../../src/dubbo/url-encoding.ts';
import { znode } from '../../znode.ts';
import { reading, urlNode } from '../read.ts';

/** The interface that the rules of the tests are about, as Dubbo's documentation has it. */
export const DEMO = 'org.apache.dubbo.samples.DemoService';
export const AT = '/dubbo/config/dubbo';

/** A registry with a service, to which rules are added. */
export class World {
  readonly read = reading();

  /** A provider at `10.0.0.<host>:20880`. */
  provide(host: number, parameters = '', iface = DEMO): ReadonlySet<string> {
    const query = `application=shop&interface=${iface}&side=provider&methods=sayHello,sayBye`;
    return this.read.put(
      urlNode(`dubbo://10.0.0.${host}:20880/${iface}?${query}&timestamp=1000${parameters}`),
    );
  }

  /** A consumer's znode. */
  call(application: string, iface = DEMO): ReadonlySet<string> {
    const url = `consumer://10.0.1.1/${iface}?application=${application}&side=consumer`;
    return this.read.put(znode(`/dubbo/${iface}/consumers/${encode(url)}`));
  }

  /** A node of the configuration centre. */
  rule(key: string, text: string): ReadonlySet<string> {
    return this.read.put(znode(`${AT}/${key}`, text));
  }

  unrule(key: string): ReadonlySet<string> {
    return this.read.remove(`${AT}/${key}`);
  }

  /** A URL below the interface. */
  url(url: string, category = 'configurators'): ReadonlySet<string> {
    return this.read.put(urlNode(url, {}, category));
  }

  service(name = DEMO) {
    const service = this.read.service(name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service;
  }

  /** Weights by the last part of the address. */
  weights(name = DEMO): Record<string, number> {
    const { endpoints } = this.service(name);
    return Object.fromEntries(
      endpoints.map(({ address, weight }) => [address.split('.').at(-1), weight]),
    );
  }

  /** Timeout, retries and load balancing of a request. */
  settings(request: RoutedRequest = {}, name = DEMO) {
    const { policy = {} } = this.service(name);
    const { perTryTimeout, retries, loadBalancing } = settingsFor(policy, request);
    return [perTryTimeout?.value, retries?.value, loadBalancing?.value];
  }

  /** Where a request may go: the last parts of the addresses. */
  goes(request: RoutedRequest = {}, random = 0, name = DEMO): string {
    const { policy, endpoints } = this.service(name);
    return routed(policy, request, endpoints, () => random)
      .map(({ address }) => address.split('.').at(-1))
      .join(',');
  }

  /** Problems' codes by the ends of their paths. */
  problems(): Record<string, string> {
    return Object.fromEntries(
      [...this.read.problems.values()].map(({ path, code }) => [path.split('/').at(-1), code]),
    );
  }

  /** What is wrong with the rule of this key. */
  problem(key: string): string | undefined {
    return this.read.problems.get(`${AT}/${key}`)?.message;
  }
}

/** A world with providers at these hosts. */
export function providers(...hosts: readonly (number | readonly [number, string])[]): World {
  const world = new World();
  for (const host of hosts)
    if (typeof host === 'number') world.provide(host);
    else world.provide(...host);
  return world;
}
