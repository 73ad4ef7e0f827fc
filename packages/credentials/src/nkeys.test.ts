// The nkey format, held against keys that are printed in public documents and against Node's own Ed25519. Samples, no secrets.

import { createPrivateKey, createPublicKey } from "node:crypto";
import * as library from "@nats-io/nkeys";
import { describe, expect, it } from "vitest";
import { nkeys } from "./nkeys.js";

const text = new TextEncoder();

// Where they are printed, seed, and public key.
const PRINTED = [
  [
    "NKeys, NK",
    "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY",
    "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
  ],
  [
    "Authenticating with an NKey",
    "SUAEL6GG2L2HIF7DUGZJGMRUFKXELGGYFMHF76UO2AYBG3K4YLWR3FKC2Q",
    "UD6OU4D3CIOGIDZVL4ANXU3NWXOW5DCDE2YPZDBHPBXCVKHSODUA4FKI",
  ],
  [
    "the creds sample and its JWT's sub",
    "SUAOY5JZ2WJKVR4UO2KJ2P3SW6FZFNWEOIMAXF4WZEUNVQXXUOKGM55CYE",
    "UDXB2VMLXPASAJ7ZDTKYNQ7QOCFWSGB4FOMYQQ25HQWSAF7ZQJEBSQSW",
  ],
  [
    "JWT and NKey authentication",
    "SUANVBWRHHFMGHNIT6UJHPN2TGVBVIILE7VPVNEQ7DGCJ26ZD2V3KAHT4M",
    "UAPOK2P7EN3UFBL7SBJPQK3M3JMLALYRYKX5XWSVMVYK63ZMBHTOHVJR",
  ],
  [
    "nsc basics",
    "SUAG35IAY2EF5DOZRV6MUSOFDGJ6O2BQCZHSRPLIK6J3GVCX366BFAYSNA",
    "UDBD5FNQPSLIO6CDMIS5D4EBNFKYWVDNULQTFTUZJXWFNYLGFF52VZN7",
  ],
  [
    "nk/README",
    "SUAKYRHVIOREXV7EUZTBHUHL7NUMHPMAS7QMDU3GTIUWEI5LDNOXD43IZY",
    "UD466L6EBCM3YY5HEGHJANNTN4LSKTSUXTH7RILHCKEQMQHTBNLHJJXT",
  ],
  [
    "auth callout",
    "SAANDLKMXL6CUS3CP52WIXBEDN6YJ545GDKC65U5JZPPV6WH6ESWUA6YAI",
    "ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA",
  ],
  [
    "signing keys",
    "SOAIHSQSAM3ZJI5W6U5M4INH7FUCQQ5ETJ5RMPVJZCJLTDREY6ZNEE6LZQ",
    "ODMYCI5TSZY6MFLOBBQ2RNRBRAXRKJKAC5UACRC6H6CJXCLR2STTGAAQ",
  ],
] as const;

/** Base32 without padding, with two bytes of CRC-16 (XMODEM), low byte first, at the end; written from the format alone. */
function decoded(key: string): Buffer {
  const bits = [...key].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const body = bytes.subarray(0, -2);
  let crc = 0;
  for (const byte of body) {
    crc ^= byte << 8;
    for (let i = 0; i < 8; i++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  expect(bytes.readUInt16LE(body.length)).toBe(crc);
  return body;
}

/** The Ed25519 public key of 32 secret bytes, by Node. */
function publicBytes(secret: Buffer): Buffer {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), secret]); // RFC 8410
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return key.export({ format: "der", type: "spki" }).subarray(-32);
}

describe("SEC-NKEY-5", () => {
  it.each(PRINTED)(
    "SEC-NKEY-5: the seed printed in %s belongs to the public key there, also by our own computation",
    (_, seed, key) => {
      expect(nkeys.fromSeed(text.encode(seed)).getPublicKey()).toBe(key);
      const [secret, shown] = [decoded(seed), decoded(key)];
      expect([secret.length, shown.length]).toEqual([34, 33]);
      expect(publicBytes(secret.subarray(2))).toEqual(shown.subarray(1));
      // The first five bits of a seed are S, the next eight those of its kind.
      expect(secret.readUInt8(0) & 0xf8).toBe(18 << 3);
      expect(((secret.readUInt8(0) & 7) << 5) | (secret.readUInt8(1) >> 3)).toBe(shown.readUInt8(0));
    },
  );

  it("SEC-NKEY-5: the curve key printed for auth callout is that of its seed", () => {
    const seed = "SXANPB47UINQR7EXT3BRP26A4LY2CMCDLTY2KX6BU3EGK2VZYREJ4IJRCE";
    const key = "XAMHJVPKHHPYZQQM2IVWXKJH36KDDZZMSJ32QKSQBUODFX4I4HARO4GL";
    expect(nkeys.fromCurveSeed(text.encode(seed)).getPublicKey()).toBe(key);
    expect([decoded(seed).length, decoded(key).length]).toEqual([34, 33]);
  });

  it("SEC-NKEY-5: the signature printed in nk/README is that of its seed for the text with its line end", () => {
    const [, seed, key] = PRINTED[5];
    const sig = "0CK1XmkxNfUGfudxliWTWeoETgIo23m9qowS9yTfYFSrjR8HgAW63jQ3NxPU_jG38hZPW61IZSun37N690CkDg";
    const message = text.encode("Hello World!\n");
    expect(Buffer.from(nkeys.fromSeed(text.encode(seed)).sign(message)).toString("base64url")).toBe(sig);
    expect(nkeys.fromPublic(key).verify(message, new Uint8Array(Buffer.from(sig, "base64url")))).toBe(true);
    expect(
      nkeys.fromPublic(key).verify(text.encode("Hello World!"), new Uint8Array(Buffer.from(sig, "base64url"))),
    ).toBe(false);
  });

  it.each([
    ["U", "user", library.createUser],
    ["A", "account", library.createAccount],
    ["O", "operator", library.createOperator],
    ["N", "server", library.createServer],
    ["C", "cluster", library.createCluster],
    ["X", "curve", library.createCurve],
  ] as const)(
    "SEC-NKEY-5: %s begins the public keys of a %s, after an S its seeds, and a private key is a P",
    (letter, _, create) => {
      const pair = create();
      expect(pair.getPublicKey()).toMatch(new RegExp(`^${letter}[A-Z2-7]{55}$`));
      expect(new TextDecoder().decode(pair.getSeed())).toMatch(new RegExp(`^S${letter}[A-Z2-7]{56}$`));
      expect(new TextDecoder().decode(pair.getPrivateKey())).toMatch(/^P/);
      decoded(pair.getPublicKey());
    },
  );

  it("SEC-NKEY-5: a public key with a bad checksum, kind or length is refused", () => {
    const [, , key] = PRINTED[0];
    const flipped = `${key.slice(0, 20)}${key[20] === "A" ? "B" : "A"}${key.slice(21)}`;
    for (const bad of [flipped, `B${key.slice(1)}`, key.slice(0, -4), `${key}AAAA`, ""]) {
      expect(() => nkeys.fromPublic(bad)).toThrow();
    }
  });
});
