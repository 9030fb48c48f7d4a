import { DnsError, type DnsObserver, type DnsServer, startDnsServer } from '@meshkeeper/dns';
import { startXdsServer, XdsError, type XdsObserver, type XdsServer } from '@meshkeeper/xds';
import { formatHostPort } from '../config/listen.ts';
import type { ControlPlaneOptions } from '../control-plane.ts';
import { ControlPlaneError } from '../control-plane-error.ts';

/** Starts the xDS server. @throws ControlPlaneError LISTEN_FAILED */
export async function listenXds(
  { config, logger, loadReportInterval = 10_000, now = Date.now }: ControlPlaneOptions,
  observer: XdsObserver,
  signal: AbortSignal | undefined,
): Promise<XdsServer> {
  const { listen } = config.controlPlane.xds;
  try {
    return await startXdsServer(
      { listen, logger, observer, clock: now, loadReportInterval },
      signal === undefined ? {} : { signal },
    );
  } catch (cause) {
    if (!(cause instanceof XdsError) || cause.code !== 'listen-failed') throw cause;
    throw new ControlPlaneError(
      'LISTEN_FAILED',
      `the xDS server can't listen on ${formatHostPort(listen)}: stop what listens there, or choose another address with --xds-listen`,
      { cause },
    );
  }
}

/** Starts the DNS server. @throws ControlPlaneError LISTEN_FAILED */
export async function listenDns(
  { config, logger }: ControlPlaneOptions,
  observer: DnsObserver,
): Promise<DnsServer> {
  const { dns } = config.controlPlane;
  try {
    return await startDnsServer({ ...dns, logger, observer });
  } catch (cause) {
    if (!(cause instanceof DnsError)) throw cause;
    throw new ControlPlaneError(
      'LISTEN_FAILED',
      `DNS can't listen on ${formatHostPort(dns.listen)}: stop what listens there, or choose another address with --dns-listen`,
      { cause },
    );
  }
}
