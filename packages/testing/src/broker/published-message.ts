// A message as a client published it, and other text, cut out of what was read.

import type { Decoder } from "@myelin/protocol";
import type { RoutedMessage } from "./message-router.js";

/** The message of a PUB or HPUB the decoder has just read; views into its buffer, which is not used again. */
export function publishedMessage(decoder: Decoder, hasHeaders: boolean): RoutedMessage {
  const { buffer, headersStart, payloadStart, payloadEnd } = decoder;
  return {
    subject: decoder.chunk.subject(decoder.subjectStart, decoder.subjectEnd),
    reply: textOrNone(decoder, decoder.replyStart, decoder.replyEnd),
    headerBlock: hasHeaders ? buffer.subarray(headersStart, payloadStart) : undefined,
    payload: buffer.subarray(payloadStart, payloadEnd),
  };
}

/** A field of the operation the decoder has just read; `undefined` when it is empty. */
export function textOrNone(decoder: Decoder, start: number, end: number): string | undefined {
  return start === end ? undefined : decoder.chunk.subject(start, end);
}
