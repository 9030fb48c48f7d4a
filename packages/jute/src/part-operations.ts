import { aclType } from './acl.ts';
import { operation } from './operation.ts';
import { statType } from './stat.ts';
import { bool, buffer, int, long, nothing, record, string, vector } from './type.ts';

const createRequest = record({ path: string, data: buffer, acl: aclType, flags: int });
const createdWithStat = record({ path: string, stat: statType });
const pathAndVersion = record({ path: string, version: int });
const pathAndWatch = record({ path: string, watch: bool });

/** The operations that may stand in a multi, as in a request of their own. */
export const partOperations = {
  create: operation(1, createRequest, record({ path: string })),
  create2: operation(15, createRequest, createdWithStat),
  createContainer: operation(19, createRequest, createdWithStat),
  createTTL: operation(
    21,
    record({ path: string, data: buffer, acl: aclType, flags: int, ttl: long }),
    createdWithStat,
  ),
  delete: operation(2, pathAndVersion, nothing),
  setData: operation(
    5,
    record({ path: string, data: buffer, version: int }),
    record({ stat: statType }),
  ),
  /** Only within a multi: on its own a server answers UNIMPLEMENTED and closes. */
  check: operation(13, pathAndVersion, nothing),
} as const;

/** The operations that may stand in a multiRead, as in a request of their own. */
export const readPartOperations = {
  getData: operation(4, pathAndWatch, record({ data: buffer, stat: statType })),
  getChildren: operation(8, pathAndWatch, record({ children: vector(string) })),
} as const;
