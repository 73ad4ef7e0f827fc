// Receiving by callback or by iterator, from a source or through a real server. Each way to read is a loop of its own, so that
// nobody pays for a question asked of every message.

import { blastSubject, HEADER, SUBJECT, subjectOf } from "../frames.js";
import { expectCount, type ReceiveWork } from "../job.js";
import type { NatsCallback, NatsClient } from "./client-contestant.js";

export class Receiving {
  readonly #client: NatsClient;
  // Subscriptions beside the one that is blasted at; they stay for the next step of the work.
  #others = 0;
  #firstSid = 0;
  #onOther: NatsCallback = () => {};
  // What the last work looked at.
  #bytes = 0;

  constructor(client: NatsClient) {
    this.#client = client;
  }

  async perform(work: ReceiveWork): Promise<void> {
    const { messages, shape, subscriptions = 1 } = work;
    this.#bytes = 0;
    await this.#subscribeOthers(subscriptions - 1);
    await (work.by === "iterator" ? this.#iterate(work) : this.#callBack(work));
    const subject = shape === undefined || shape.kind === "plain" ? SUBJECT : subjectOf(0);
    const per = {
      nothing: 0,
      "subject+data": subject.length + work.size,
      "subject+header": subject.length + HEADER.value.length,
    };
    expectCount("bytes read", this.#bytes, messages * per[work.read]);
  }

  async #subscribeOthers(wanted: number): Promise<void> {
    if (this.#others >= wanted) return;
    while (this.#others < wanted) {
      const callback: NatsCallback = (error, msg) => this.#onOther(error, msg);
      const sub = this.#client.subscribe(`idle.${this.#others}`, { callback });
      if (this.#others === 0) this.#firstSid = sub.getID();
      this.#others++;
    }
    await this.#client.flush();
  }

  #callBack(work: ReceiveWork): Promise<void> {
    const { messages, read } = work;
    return new Promise((resolve, reject) => {
      let seen = 0;
      let bytes = 0;
      const finish = (): void => {
        sub.unsubscribe();
        this.#bytes = bytes;
        resolve();
      };
      const counted: NatsCallback = (error) => {
        if (error !== null) reject(error);
        else if (++seen === messages) finish();
      };
      const data: NatsCallback = (error, msg) => {
        if (error !== null) reject(error);
        bytes += msg.subject.length + msg.data.length;
        if (++seen === messages) finish();
      };
      const header: NatsCallback = (error, msg) => {
        if (error !== null) reject(error);
        bytes += msg.subject.length + (msg.headers?.get(HEADER.name)?.length ?? 0);
        if (++seen === messages) finish();
      };
      const callback = { nothing: counted, "subject+data": data, "subject+header": header }[read];
      this.#onOther = callback;
      const sub = this.#client.subscribe(this.#subjectOf(work), { callback });
      this.#trigger(work);
    });
  }

  async #iterate(work: ReceiveWork): Promise<void> {
    const { messages, read } = work;
    const sub = this.#client.subscribe(this.#subjectOf(work));
    this.#trigger(work);
    let seen = 0;
    let bytes = 0;
    for await (const msg of sub) {
      if (read !== "nothing") bytes += msg.subject.length + msg.data.length;
      if (++seen === messages) break;
    }
    this.#bytes = bytes;
  }

  #subjectOf({ size, messages, through, shape }: ReceiveWork): string {
    if (through === true) return SUBJECT;
    return blastSubject(size, messages, shape?.kind === "sids" ? { ...shape, first: this.#firstSid } : shape);
  }

  #trigger({ size, messages, through }: ReceiveWork): void {
    // Behind the SUB on the same connection, so that the server knows of it.
    if (through === true) this.#client.publish(blastSubject(size, messages));
  }
}
