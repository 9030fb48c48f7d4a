import { CreateMode, joinPath } from '@meshkeeper/zookeeper';
import type { Entry, Registration } from '../dialect.ts';
import { RegistryError } from '../registry-error.ts';
import { nameOf } from './decode.ts';
import { fieldsOf } from './fields.ts';
import type { NerveInstance } from './instance.ts';
import { directoryToWrite } from './layout.ts';
import { encodedName } from './path-encoding.ts';

/** An instance's data as nerve writes it, byte for byte: compact, its fields in nerve's order. */
export function encodeInstance(instance: NerveInstance): Buffer {
  const { host, port, name, weight, haproxy_server_options, labels } = instance;
  return Buffer.from(JSON.stringify({ host, port, name, weight, haproxy_server_options, labels }));
}

/**
 * The znode that registers an instance. With `use_path_encoding: 'true'` in the metadata, nerve's
 * own setting, its name tells its data.
 */
export function encodeRegistration(root: string, registration: Registration): readonly Entry[] {
  const { service, address, port, id = address, metadata } = registration;
  if (nameOf({ name: id }) === undefined)
    throw new RegistryError(
      'UNWRITABLE',
      `"${id}" can't be the name of a znode: choose another id`,
    );
  const data = encodeInstance({ host: address, port, name: id, ...fieldsOf(registration) });
  const encoded = metadata?.use_path_encoding === 'true' ? encodedName(data) : undefined;
  return [
    {
      path: joinPath(directoryToWrite(root, service), encoded ?? `${id}_`),
      data,
      mode: CreateMode.EPHEMERAL_SEQUENTIAL,
      parents: 'persistent',
    },
  ];
}
