import { describe, expect, it } from "vitest";
import { bytesOf } from "../test/events.js";
import { type ConnectOptions, Decoder, Encoder, Op, type ServerInfo } from "./index.js";

function info(json: string): ServerInfo {
  const decoder = new Decoder({ from: "server" });
  decoder.push(bytesOf(`INFO ${json} \r\n`));
  expect(decoder.next()).toBe(Op.Info);
  return decoder.info();
}

function connect(options: unknown): ConnectOptions {
  const decoder = new Decoder({ from: "client" });
  decoder.push(new Uint8Array(Buffer.from(`CONNECT ${JSON.stringify(options)}\r\n`)));
  expect(decoder.next()).toBe(Op.Connect);
  return decoder.connect();
}

describe("INFO", () => {
  it("PROTO-10, ERR-15: keeps known and unknown fields", () => {
    const seen = info(
      '{"server_id":"A","version":"2.15.0-dev","max_payload":64,"connect_urls":["a:1"],"ldm":true,"future":{"x":1}}',
    );
    expect(seen).toMatchObject({
      server_id: "A",
      version: "2.15.0-dev",
      max_payload: 64,
      connect_urls: ["a:1"],
      ldm: true,
    });
    expect(seen).toMatchObject({ future: { x: 1 } });
  });

  it("PROTO-10: fields every server sends have a value even if one does not", () => {
    expect(info("{}")).toEqual({
      server_id: "",
      server_name: "",
      version: "",
      go: "",
      host: "",
      port: 0,
      headers: false,
      max_payload: 1_048_576,
      proto: 0,
    });
    expect(info('{"connect_urls":null}')).not.toHaveProperty("connect_urls");
  });

  it("PROTO-10: a client_id above 2^53 does not break it", () => {
    expect(info('{"client_id":18446744073709551615}').client_id).toBeGreaterThan(2 ** 53);
  });

  it("PROTO-10: names of Object.prototype are fields like any other", () => {
    expect(info('{"toString":1,"__proto__":{"ldm":true}}').ldm).toBeUndefined();
  });
});

describe("CONNECT", () => {
  it("PROTO-11: comes back as it was sent", () => {
    const options = {
      verbose: true,
      pedantic: false,
      tls_required: true,
      lang: "ts",
      version: "1",
      user: "ü",
      pass: "p",
      echo: false,
      protocol: 1,
    };
    const encoder = new Encoder();
    encoder.connect(options);
    const decoder = new Decoder({ from: "client" });
    decoder.push(encoder.take() ?? new Uint8Array());
    decoder.next();
    expect(decoder.connect()).toEqual(options);
  });

  it("PROTO-27: drops what is no field of CONNECT, fills in what must be there", () => {
    expect(connect({ name: "x", server_id: "y" })).toEqual({
      verbose: false,
      pedantic: false,
      tls_required: false,
      lang: "",
      version: "",
      name: "x",
    });
  });

  it("PROTO-27: names of Object.prototype are no fields of CONNECT", () => {
    expect(connect({ name: "x", toString: "y", constructor: 1 })).not.toHaveProperty("toString", "y");
    expect(Object.keys(connect({ valueOf: 1, verbose: null }))).toEqual(expect.not.arrayContaining(["valueOf"]));
    expect(connect({ verbose: null, name: null })).toEqual(connect({}));
  });

  it("PROTO-11: refuses a field of another type", () => {
    expect(() => connect({ verbose: "yes" })).toThrow(
      expect.objectContaining({ code: "PROTOCOL_ERROR", reason: "invalid-json" }),
    );
  });
});
