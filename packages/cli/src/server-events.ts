/** A server-sent event as it comes: its name, and its data as text. */
export interface RawEvent {
  readonly event: string;
  readonly data: string;
}

/** The events of a body; comments, ids and what has no data are passed over. */
export async function* serverEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<RawEvent> {
  let text = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split(/\r?\n\r?\n/);
    text = events.pop() ?? '';
    for (const lines of events) {
      const event = eventOf(lines);
      if (event !== undefined) yield event;
    }
  }
}

function eventOf(text: string): RawEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, field, value = ''] = /^([a-z]*):? ?(.*)$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}
