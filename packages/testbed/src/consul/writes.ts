import type { ConsulCatalog } from './catalog.ts';
import { ConsulFault } from './consul-fault.ts';
import {
  checkMeta,
  type Fields,
  field,
  isFields,
  object,
  statedCheck,
  statedNode,
  statedService,
  text,
} from './registration.ts';

/** `PUT /v1/catalog/register`. @throws ConsulFault */
export function register(catalog: ConsulCatalog, body: Fields): void {
  const node = statedNode(body, catalog.datacenter);
  const skip = field(body, 'SkipNodeUpdate') === true;
  if (node.Node === '') throw new ConsulFault(500, 'Must provide node');
  if (node.ID !== '' && node.ID.length !== 36)
    throw new ConsulFault(500, 'Bad node ID: uuid string is wrong length');
  if (node.Address === '' && !skip)
    throw new ConsulFault(500, 'Must provide address if SkipNodeUpdate is not set');
  const service = object(body, 'Service');
  const stated = service && statedService(service);
  const several = field(body, 'Checks');
  const one = object(body, 'Check');
  const checks = [...(Array.isArray(several) ? several : []), ...(one ? [one] : [])]
    .filter(isFields)
    .map((check) => statedCheck(check, node.Node));
  for (const { Node, CheckID } of checks)
    if (Node.toLowerCase() !== node.Node.toLowerCase())
      throw new ConsulFault(
        500,
        `Node '${Node}' for check '${CheckID}' doesn't match register request node '${node.Node}'`,
      );
  catalog.write(() => {
    if (catalog.node(node.Node) === undefined || !skip) catalog.putNode(node);
    if (stated !== undefined && stated.Service !== '')
      saying('failed inserting service: ', () => {
        checkMeta(node.Node, stated);
        catalog.putService(node.Node, stated);
      });
    for (const check of checks) {
      const { CheckID, ServiceID } = check;
      const services = catalog.node(node.Node)?.services;
      if (ServiceID !== '' && !services?.has(ServiceID.toLowerCase()))
        throw new ConsulFault(500, `Unknown service ID '${ServiceID}' for check ID '${CheckID}'`);
      saying(`failed inserting check on node "${node.Node}": `, () =>
        catalog.putCheck(node.Node, check),
      );
    }
  });
}

/** What is wrong with it is told after these words. */
function saying(before: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof ConsulFault) throw new ConsulFault(error.status, before + error.message);
    throw error;
  }
}

/** `PUT /v1/catalog/deregister`: with only a node, of all that is on it. @throws ConsulFault */
export function deregister(catalog: ConsulCatalog, body: Fields): void {
  const node = text(body, 'Node');
  if (node === '') throw new ConsulFault(500, 'Must provide node');
  const service = text(body, 'ServiceID');
  const check = text(body, 'CheckID');
  catalog.write(() => {
    if (service !== '') catalog.dropService(node, service);
    else if (check !== '') catalog.dropCheck(node, check);
    else catalog.dropNode(node);
  });
}
