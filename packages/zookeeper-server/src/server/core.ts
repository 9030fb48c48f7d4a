import type { Engine } from '../engine/engine.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Connection } from './connection.ts';
import type { ConnectionTable } from './connection-table.ts';
import type { Delivery } from './delivery.ts';

/** What the parts of one running server share. */
export interface Core {
  readonly options: ResolvedOptions;
  readonly engine: Engine<Connection>;
  readonly connections: ConnectionTable;
  readonly delivery: Delivery;
}
