// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export { type Answering, DecodedMessage } from "./decoded-message.js";
export { Decoder, type DecoderOptions } from "./decoder.js";
export { Encoder, type EncoderOptions, MaxPayloadError, type Payload } from "./encoder.js";
export { decodeHeaders, encodeHeaders } from "./header-block.js";
export { canonicalMIMEHeaderKey, HeaderError, type HeaderProblem, headers, Match, MsgHdrs } from "./headers.js";
export { Op } from "./op.js";
export { ProtocolError, type ProtocolErrorReason } from "./protocol-error.js";
export { ReceivedChunk } from "./received-chunk.js";
export { classifyServerError, type ServerErrorInfo, type ServerErrorKind } from "./server-error.js";
export {
  checkPublishSubject,
  checkQueue,
  checkSubscribeSubject,
  hasWildcards,
  InvalidSubjectError,
  isValidPublishSubject,
  isValidSubscribeSubject,
  publishSubjectProblem,
  queueProblem,
  type SubjectProblem,
  subjectMatches,
  subscribeSubjectProblem,
} from "./subject.js";
export type { ConnectOptions, ServerInfo } from "./wire.js";
