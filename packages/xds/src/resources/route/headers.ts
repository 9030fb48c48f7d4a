import type { HeaderChanges } from '@meshkeeper/mesh';
import { HeaderAppendAction, type HeaderValueOption } from '../../codec/messages.ts';

/** The changes to the headers of requests and responses, as routes and clusters have them. */
export interface HeaderFields {
  requestHeadersToAdd?: HeaderValueOption[];
  requestHeadersToRemove?: string[];
  responseHeadersToAdd?: HeaderValueOption[];
  responseHeadersToRemove?: string[];
}

/** A value that stands for itself: Envoy's `%` begins a command. */
export function headerText(value: string): string {
  return value.replaceAll('%', '%%');
}

/** Changes of headers as Envoy's fields. */
export function headerFields(
  request: HeaderChanges | undefined,
  response: HeaderChanges | undefined,
): HeaderFields {
  return {
    ...(request === undefined
      ? {}
      : {
          requestHeadersToAdd: added(request),
          requestHeadersToRemove: [...request.remove],
        }),
    ...(response === undefined
      ? {}
      : {
          responseHeadersToAdd: added(response),
          responseHeadersToRemove: [...response.remove],
        }),
  };
}

function added({ set, add }: HeaderChanges): HeaderValueOption[] {
  const option = (appendAction: HeaderAppendAction) => (header: HeaderChanges['set'][number]) => ({
    header: { key: header.name, value: headerText(header.value) },
    appendAction,
  });
  return [
    ...set.map(option(HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD)),
    ...add.map(option(HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD)),
  ];
}
