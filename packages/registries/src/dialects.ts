import { apisixSeed } from './apisix-seed/apisix-seed.ts';
import { curator } from './curator/curator.ts';
import { d2 } from './d2/d2.ts';
import type { Dialect } from './dialect.ts';
import { dubbo } from './dubbo/dubbo.ts';
import { nerve } from './nerve/nerve.ts';
import { serverset } from './serverset/serverset.ts';
import { spring } from './spring/spring.ts';

/** The dialects that are built in, by name. */
export const DIALECTS: ReadonlyMap<string, Dialect> = new Map(
  [spring, curator, dubbo, serverset, nerve, d2, apisixSeed].map((dialect) => [
    dialect.name,
    dialect,
  ]),
);
