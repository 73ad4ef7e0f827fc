// The operations of the NATS client protocol, as numbers. Nothing else lives here.
// Source: NATS client protocol, https://docs.nats.io/reference/reference-protocols/nats-protocol

/**
 * The operation under a decoder's cursor. Numbers and not strings, so that a `switch` over them compiles to a jump.
 * `None` means: nothing complete, more bytes are needed.
 */
export const Op: {
  readonly None: 0;
  readonly Info: 1;
  readonly Msg: 2;
  readonly HMsg: 3;
  readonly Ping: 4;
  readonly Pong: 5;
  readonly Ok: 6;
  readonly Err: 7;
  readonly Connect: 8;
  readonly Pub: 9;
  readonly HPub: 10;
  readonly Sub: 11;
  readonly Unsub: 12;
} = {
  None: 0,
  Info: 1,
  Msg: 2,
  HMsg: 3,
  Ping: 4,
  Pong: 5,
  Ok: 6,
  Err: 7,
  Connect: 8,
  Pub: 9,
  HPub: 10,
  Sub: 11,
  Unsub: 12,
} as const;

export type Op = (typeof Op)[keyof typeof Op];
