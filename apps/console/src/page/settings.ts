// What a link to this page can hold, as the part of its address behind `#`, which no server is ever sent. Never a secret: of a
// server's URL neither user, password, token nor query, and of the credentials only their kind. Pure.

export const FORMATS = ["auto", "json", "text", "hex"] as const;
export const THEMES = ["system", "light", "dark"] as const;
export const CREDENTIALS = ["none", "password", "token", "nkey", "creds"] as const;

export type Format = (typeof FORMATS)[number];
export type Theme = (typeof THEMES)[number];
export type CredentialsKind = (typeof CREDENTIALS)[number];

export interface Settings {
  /** As typed: one URL, or several with commas. */
  readonly servers: string;
  readonly credentials: CredentialsKind;
  /** Subscribed to as soon as there is a connection. */
  readonly subjects: readonly string[];
  /** Where to publish to. */
  readonly to: string;
  readonly format: Format;
  readonly theme: Theme;
  /** Connect when the page opens. */
  readonly connect: boolean;
}

/** Of a page that was opened without any. */
export const BLANK: Settings = {
  servers: "",
  credentials: "none",
  subjects: [],
  to: "",
  format: "auto",
  theme: "system",
  connect: false,
};

/** Reads `location.hash`; what it does not know it ignores. */
export function settingsOf(hash: string): Settings {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  return {
    servers: fields.get("servers") ?? BLANK.servers,
    credentials: oneOf(CREDENTIALS, fields.get("credentials")),
    subjects: [...new Set(fields.getAll("sub").filter((subject) => subject !== ""))],
    to: fields.get("to") ?? BLANK.to,
    format: oneOf(FORMATS, fields.get("as")),
    theme: oneOf(THEMES, fields.get("theme")),
    connect: fields.has("connect"),
  };
}

/** The other way round, without secrets and without what is as it is anyway. Empty for {@link BLANK}. */
export function hashOf(settings: Settings): string {
  const fields: [name: string, value: string][] = [];
  const servers = withoutSecrets(settings.servers);
  if (servers !== "") fields.push(["servers", servers]);
  if (settings.credentials !== BLANK.credentials) fields.push(["credentials", settings.credentials]);
  for (const subject of settings.subjects) fields.push(["sub", subject]);
  if (settings.to !== "") fields.push(["to", settings.to]);
  if (settings.format !== BLANK.format) fields.push(["as", settings.format]);
  if (settings.theme !== BLANK.theme) fields.push(["theme", settings.theme]);
  if (settings.connect) fields.push(["connect", "1"]);
  return fields.map(([name, value]) => `${name}=${readable(value)}`).join("&");
}

/** A list of servers without what may let somebody in: `user:pass@`, `token@` and the query. */
export function withoutSecrets(servers: string): string {
  return (
    servers
      .split(",")
      .map((server) => server.trim())
      .filter((server) => server !== "")
      .map((server) => {
        const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(server) ?? [];
        // Up to the last @ of all: a password may hold the characters that end a host.
        return scheme + rest.replace(/^.*@/s, "").replace(/[?#].*$/s, "");
      })
      // What is left of a password with a comma in it is no address.
      .filter((server) => /^([a-z][a-z0-9+.-]*:\/\/)?(\[[^\]]*\]|[^:/@]+)(:\d+)?(\/.*)?$/i.test(server))
      .join(",")
  );
}

// A link is read by people: only what would end a field, or be read as something else, is escaped.
function readable(value: string): string {
  return encodeURIComponent(value).replace(/%(2F|3A|2C|40|5B|5D)/g, (escaped) => decodeURIComponent(escaped));
}

function oneOf<T extends string>(known: readonly [T, ...T[]], value: string | null): T {
  return known.find((one) => one === value) ?? known[0];
}
