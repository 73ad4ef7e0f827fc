import { describe, expect, it } from "vitest";
import { CredentialsError } from "./credentials-error.js";
import { parseCreds } from "./creds.js";

// Not keys: only the shapes matter to the parser.
const JWT = "eyJ0eXAi.eyJqdGki.c2lnbmF0dXJl";
const SEED = `SU${"A".repeat(56)}`;
const seedOf = (creds: string | Uint8Array): string => new TextDecoder().decode(parseCreds(creds).seed);

function codeOf(creds: string): string | undefined {
  try {
    parseCreds(creds);
    return undefined;
  } catch (error) {
    return error instanceof CredentialsError ? error.code : String(error);
  }
}

describe("parseCreds", () => {
  const plain = [
    "-----BEGIN NATS USER JWT-----",
    JWT,
    "------END NATS USER JWT------",
    "",
    "************************* IMPORTANT *************************",
    "NKEY Seed printed below can be used to sign and prove identity.",
    "",
    "-----BEGIN USER NKEY SEED-----",
    SEED,
    "------END USER NKEY SEED------",
    "",
  ];
  const variants: readonly (readonly [string, string])[] = [
    ["as printed", plain.join("\n")],
    ["with CR LF", plain.join("\r\n")],
    ["without blank lines", plain.filter((line) => line !== "").join("\n")],
    ["with three dashes", plain.join("\n").replaceAll(/-{4,}/g, "---")],
    ["with blank lines in the blocks", plain.join("\n").replace(JWT, `\n${JWT}\n`).replace(SEED, `\n${SEED}\n`)],
    ["with comment lines in the blocks", plain.join("\n").replace(SEED, `# the seed\n${SEED}`)],
    ["with text before and after", `made today\n${plain.join("\n")}\nthe end`],
    ["with blanks at the ends of lines", plain.map((line) => `${line} `).join("\n")],
  ];
  it.each(variants)("SEC-CREDS-1: reads JWT and seed %s", (_, creds) => {
    expect(parseCreds(creds).jwt).toBe(JWT);
    expect(seedOf(creds)).toBe(SEED);
  });

  it("SEC-CREDS-1: reads bytes like text", () => {
    expect(seedOf(new TextEncoder().encode(plain.join("\n")))).toBe(SEED);
  });

  it("SEC-CREDS-3: tells apart what is missing", () => {
    expect(codeOf("")).toBe("NO_USER_JWT_IN_CREDS");
    expect(codeOf(plain.slice(7).join("\n"))).toBe("NO_USER_JWT_IN_CREDS");
    expect(() => parseCreds("/run/nats/app.creds")).toThrow("for a path there is credsFileAuthenticator()");
    expect(() => parseCreds(plain.slice(7).join("\n"))).toThrow("their first block must be one");
    expect(codeOf(plain.slice(0, 7).join("\n"))).toBe("NO_SEED_IN_CREDS");
    expect(codeOf(plain.join("\n").replace(SEED, ""))).toBe("NO_SEED_IN_CREDS");
    expect(codeOf(plain.join("\n").replace(SEED, SEED.replace("SU", "SA")))).toBe("BAD_SEED");
  });

  it("SEC-1: no error of the parser shows the JWT or the seed", () => {
    for (const creds of [plain.slice(0, 7).join("\n"), plain.join("\n").replace("SU", "SA")]) {
      expect(() => parseCreds(creds)).toThrow(CredentialsError);
      try {
        parseCreds(creds);
      } catch (error) {
        expect(String((error as Error).stack)).not.toContain("AAAAAAAA");
        expect(String((error as Error).stack)).not.toContain(JWT);
      }
    }
  });
});
