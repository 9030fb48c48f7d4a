import { Gauge, type Registry } from 'prom-client';
import type { DestinationStatus, Destinations } from '../plugins/destinations.ts';

/** `meshkeeper_destination_*`. */
export function destinationMetrics(
  registry: Registry,
  destinations: Pick<Destinations, 'status' | 'revision'>,
): void {
  gauge('up', '1 while what is served gets there; 0 while it fails.', ({ state }) =>
    state.type === 'failing' ? 0 : 1,
  );
  gauge(
    'applied_revision',
    'Revision of the catalog that it has; by far behind: it is stuck.',
    (status) => (status.state.type === 'applied' ? status.state.revision : undefined),
  );
  gauge('problems', 'What could not be brought there.', ({ problems }) => problems.size);
  gauge('leads', '1 while this replica writes, 0 while another one does.', ({ leads }) =>
    leads === undefined ? undefined : Number(leads),
  );

  function gauge(
    name: string,
    help: string,
    value: (status: DestinationStatus) => number | undefined,
  ): void {
    new Gauge({
      name: `meshkeeper_destination_${name}`,
      help,
      labelNames: ['destination', 'kind'],
      registers: [registry],
      collect() {
        for (const status of destinations.status) {
          const found = value(status);
          const { name: destination, kind } = status;
          if (found !== undefined) this.set({ destination, kind }, found);
        }
      },
    });
  }
}
