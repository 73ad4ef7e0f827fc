// The two JSON objects of the protocol: INFO (server to client) and CONNECT (client to server), with the field names of the
// wire. Checking what came from the peer and choosing what may be sent live here; no bytes, no policy.
// Source: NATS client protocol, ADR-40; conformance C.3, PROTO-10, PROTO-11, PROTO-25 … PROTO-27, ERR-15.

/**
 * What a server tells about itself. Fields a server did not send are absent, but for the ones every server sends, which
 * then hold `""`, `0`, `false`, or for `max_payload` 1 MiB. Fields not named here are kept as they came.
 */
export interface ServerInfo {
  /** Unique, and a new one after every restart. */
  readonly server_id: string;
  /** The configured name, else the id. */
  readonly server_name: string;
  /** Semantic version, perhaps with a pre-release part (`2.15.0-dev`). */
  readonly version: string;
  /** The version of Go it was built with. */
  readonly go: string;
  /** The address the server listens on, often `0.0.0.0`: never one to dial. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** The server understands HPUB and HMSG. */
  readonly headers: boolean;
  /** Most bytes of headers and payload together in one message. */
  readonly max_payload: number;
  /** 1 or more: the server knows the echo option and sends INFO again when the cluster changes. */
  readonly proto: number;
  /** Unsigned 64 bit on the wire; above 2^53 the nearest number, good for display only. */
  readonly client_id?: number;
  /** Clients must say who they are. */
  readonly auth_required?: boolean;
  /** Clients must upgrade to TLS before CONNECT. */
  readonly tls_required?: boolean;
  /** Clients must show a certificate. */
  readonly tls_verify?: boolean;
  /** Clients may upgrade to TLS. */
  readonly tls_available?: boolean;
  /** `host:port` of the servers of this cluster. */
  readonly connect_urls?: readonly string[];
  /** `host:port` of the WebSocket listeners of this cluster. */
  readonly ws_connect_urls?: readonly string[];
  /** Lame duck mode: this server is about to leave. */
  readonly ldm?: boolean;
  /** To be signed by clients that authenticate with an nkey or a JWT. */
  readonly nonce?: string;
  /** The commit it was built from. */
  readonly git_commit?: string;
  /** It has JetStream. */
  readonly jetstream?: boolean;
  /** Its own address, where routes know it. */
  readonly ip?: string;
  /** Our address as the server sees it. */
  readonly client_ip?: string;
  /** Name of its cluster. */
  readonly cluster?: string;
  /** Its JetStream domain. */
  readonly domain?: string;
  /** True in the one INFO that servers from 2.12 on send after the first PONG. */
  readonly connect_info?: boolean;
  /** The account we are in, where the server tells. */
  readonly remote_account?: string;
  /** That account is the system account. */
  readonly acc_is_sys?: boolean;
  /** Sent by newer servers; not documented. */
  readonly api_lvl?: number;
  /** Sent by newer servers; not documented. */
  readonly xkey?: string;
  readonly [field: string]: unknown;
}

/** What a client tells a server about itself and its rights. Unused fields are left out, never `null` or empty. */
export interface ConnectOptions {
  /** Ask for `+OK` after every operation. */
  readonly verbose: boolean;
  /** Ask for strict checks of subjects. */
  readonly pedantic: boolean;
  /** The client insists on TLS. */
  readonly tls_required: boolean;
  /** Language of the client, shown by the server's monitoring. */
  readonly lang: string;
  /** Version of the client, shown likewise. */
  readonly version: string;
  /** A token; secret. */
  readonly auth_token?: string | undefined;
  /** User name. */
  readonly user?: string | undefined;
  /** Password; secret. */
  readonly pass?: string | undefined;
  /** Name of the connection, shown by the server's monitoring. */
  readonly name?: string | undefined;
  /** 1: INFO may come at any time. */
  readonly protocol?: number | undefined;
  /** `false`: the server does not send us what we published ourselves. */
  readonly echo?: boolean | undefined;
  /** The signed nonce, base64url. */
  readonly sig?: string | undefined;
  /** User JWT; secret. */
  readonly jwt?: string | undefined;
  /** Public user nkey, `U…`. */
  readonly nkey?: string | undefined;
  /** The client understands HMSG. */
  readonly headers?: boolean | undefined;
  /** With `headers`: a request nobody listens to is answered with status 503. */
  readonly no_responders?: boolean | undefined;
}

type FieldType = "string" | "number" | "boolean" | "strings";

const INFO_FIELDS: { readonly [field: string]: FieldType } = {
  server_id: "string",
  server_name: "string",
  version: "string",
  go: "string",
  host: "string",
  port: "number",
  headers: "boolean",
  max_payload: "number",
  proto: "number",
  client_id: "number",
  auth_required: "boolean",
  tls_required: "boolean",
  tls_verify: "boolean",
  tls_available: "boolean",
  connect_urls: "strings",
  ws_connect_urls: "strings",
  ldm: "boolean",
  nonce: "string",
  git_commit: "string",
  jetstream: "boolean",
  ip: "string",
  client_ip: "string",
  cluster: "string",
  domain: "string",
  connect_info: "boolean",
  remote_account: "string",
  acc_is_sys: "boolean",
};

// In the order in which they are sent.
const CONNECT_FIELDS: { readonly [field in keyof Required<ConnectOptions>]: FieldType } = {
  verbose: "boolean",
  pedantic: "boolean",
  tls_required: "boolean",
  auth_token: "string",
  user: "string",
  pass: "string",
  jwt: "string",
  nkey: "string",
  sig: "string",
  name: "string",
  lang: "string",
  version: "string",
  protocol: "number",
  echo: "boolean",
  headers: "boolean",
  no_responders: "boolean",
};

const INFO_DEFAULTS: ServerInfo = {
  server_id: "",
  server_name: "",
  version: "",
  go: "",
  host: "",
  port: 0,
  headers: false,
  max_payload: 1_048_576,
  proto: 0,
};

const CONNECT_DEFAULTS: ConnectOptions = {
  verbose: false,
  pedantic: false,
  tls_required: false,
  lang: "",
  version: "",
};

/** Parses the JSON of an INFO. Throws a plain `Error` saying what is wrong; the decoder makes a ProtocolError of it. */
export function parseServerInfo(json: string): ServerInfo {
  return complete(checkedObject(json, INFO_FIELDS), INFO_DEFAULTS);
}

/** Parses the JSON of a CONNECT; fields of the wrong type throw, unknown fields are dropped. */
export function parseConnectOptions(json: string): ConnectOptions {
  const sent = checkedObject(json, CONNECT_FIELDS);
  for (const field in sent) if (!Object.hasOwn(CONNECT_FIELDS, field)) delete sent[field];
  return complete(sent, CONNECT_DEFAULTS);
}

/** The JSON of a CONNECT: the protocol's own fields only, in a fixed order, without those that say nothing. */
export function connectJson(options: ConnectOptions): string {
  const sent: { [field: string]: unknown } = {};
  for (const field of Object.keys(CONNECT_FIELDS) as (keyof ConnectOptions)[]) {
    const value = options[field];
    if (value === undefined || value === null) continue;
    if (value === "" && field !== "lang" && field !== "version") continue;
    sent[field] = value;
  }
  return JSON.stringify(sent);
}

// In place: a server tells all its clients at once, and a copy by spreading takes as long as reading the JSON.
function complete<T extends object>(sent: { [field: string]: unknown }, defaults: T): T {
  for (const field in defaults) if (!Object.hasOwn(sent, field)) sent[field] = defaults[field];
  return sent as T;
}

function checkedObject(json: string, fields: { readonly [field: string]: FieldType }): { [field: string]: unknown } {
  const value: unknown = JSON.parse(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("is not a JSON object");
  const present = value as { [field: string]: unknown };
  for (const field in present) {
    const item = present[field];
    // null says nothing, exactly like an absent field.
    if (item === null) {
      delete present[field];
      continue;
    }
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (type !== undefined && !isOfType(item, type)) throw new Error(`field ${field} is not of type ${type}`);
  }
  return present;
}

function isOfType(value: unknown, type: FieldType): boolean {
  if (type === "strings") return Array.isArray(value) && value.every((item) => typeof item === "string");
  return typeof value === type;
}
