import { curator } from './curator/curator.ts';
import type { Dialect } from './dialect.ts';
import { dubbo } from './dubbo/dubbo.ts';
import { nerve } from './nerve/nerve.ts';
import { serverset } from './serverset/serverset.ts';
import { spring } from './spring/spring.ts';

/** The dialects that are built in, by name. */
export const DIALECTS: ReadonlyMap<string, Dialect> = new Map(
  [spring, curator, dubbo, serverset, nerve].map((dialect) => [dialect.name, dialect]),
);
