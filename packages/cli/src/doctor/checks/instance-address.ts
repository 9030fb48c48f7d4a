import { BlockList, isIP } from 'node:net';
import { type Check, Unknown, warning } from '../check.ts';
import { instancesOf } from '../instances.ts';

/** Addresses that mean another machine to whoever is elsewhere. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('0.0.0.0');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');
/** What Docker gives containers on a bridge of one machine. */
const BRIDGE = new BlockList();
BRIDGE.addSubnet('172.17.0.0', 16);

export const instanceAddress: Check = {
  id: 'instance-address',
  group: 'registries',
  well: 'instances are registered under addresses that others can reach',
  async find(facts) {
    const { hosts } = await facts.ensemble();
    const alone = hosts.every(({ host }) => host === 'localhost' || isIn(LOOPBACK, host));
    const all = await instancesOf(facts);
    if (all.length === 0) throw new Unknown('there are no instances');
    return all.flatMap(({ service, id, address, port }) => {
      const where = `${service} ${id} is registered as ${address}:${port}`;
      if (isIn(BRIDGE, address))
        return [
          warning(
            `${where}, which is Docker's bridge: only its own machine reaches that`,
            "register the host's address and the published port, or use the host's network",
          ),
        ];
      // With everything on one machine there are no others.
      if (alone || !isIn(LOOPBACK, address)) return [];
      return [
        warning(
          `${where}, which is every machine's own: others can't reach it there`,
          'let the application register the address that others know it by',
        ),
      ];
    });
  },
};

function isIn(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
