import type { Listener } from '@meshkeeper/xds';
import { ChainIndex } from './chain-index.ts';
import { type FilterChain, parseChainMatch, parseFilterChain } from './filter-chain.ts';
import type { Problems } from './problems.ts';

/** A listener, as far as the proxy knows listeners. */
export interface ListenerConfig {
  readonly name: string;
  readonly address: string;
  /** 0 binds a free port. */
  readonly port: number;
  readonly chains: readonly FilterChain[];
  /** Which of the chains a connection is for. */
  readonly index: ChainIndex<FilterChain>;
}

const TLS_INSPECTOR =
  'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector';

/** `config.listener.v3.Listener`. */
export function parseListener(message: Listener, problems: Problems): ListenerConfig {
  const socket = message.address?.socketAddress;
  if (!socket?.address) problems.add('address.socket_address', 'is required');
  if (socket?.protocol) problems.add('address.socket_address.protocol', 'must be TCP');
  problems.unsupported('api_listener', message.apiListener);
  for (const [i, { typedConfig }] of (message.listenerFilters ?? []).entries()) {
    if (typedConfig?.type_url === TLS_INSPECTOR) continue;
    problems.add(
      `listener_filters[${i}]`,
      `the embedded proxy has no ${typedConfig?.type_url ?? 'such filter'}`,
    );
  }
  const matched = (message.filterChains ?? []).flatMap((each, i) => {
    const at = problems.at(`filter_chains[${i}]`);
    const match = parseChainMatch(each.filterChainMatch, at.at('filter_chain_match'));
    const chain = parseFilterChain(each, `#${i}`, at);
    return chain ? [{ match, chain }] : [];
  });
  const rest = message.defaultFilterChain
    ? parseFilterChain(message.defaultFilterChain, '#default', problems.at('default_filter_chain'))
    : undefined;
  if (!message.filterChains?.length && !message.defaultFilterChain) {
    problems.add('filter_chains', 'at least one is required');
  }
  const chains = matched.map(({ chain }) => chain);
  return {
    name: message.name ?? '',
    address: socket?.address ?? '',
    port: socket?.portValue ?? 0,
    chains: rest ? [...chains, rest] : chains,
    index: new ChainIndex(matched, rest),
  };
}
