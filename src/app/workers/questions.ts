// Questions to another process, with a time limit for each answer.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Questions<Q> {
  /** Rejects when no answer comes in time, or when the other process ends. */
  ask(question: Q, milliseconds: number): Promise<unknown>;
  answered(id: number, answer: unknown): void;
  failed(id: number, problem: string): void;
  /** The other process is gone. */
  end(): void;
}

type Waiting = { resolve(answer: unknown): void; reject(error: Error): void };

export function createQuestions<Q>(send: (id: number, question: Q) => void): Questions<Q> {
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let isOver = false;

  const settle = (id: number, how: (one: Waiting) => void): void => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (one !== undefined) how(one);
  };

  return {
    async ask(question, milliseconds) {
      if (isOver) throw new Error('it has ended');
      const id = ++asked;
      const late = new AbortController();
      const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
      const limit = sleep(milliseconds, undefined, { signal: late.signal, ref: false }).then(() => {
        throw new Error(`no answer within ${milliseconds / 1000} s`);
      });
      // The aborted timer, or the answer that came too late.
      limit.catch(() => {});
      answer.catch(() => {});
      try {
        send(id, question);
        return await Promise.race([answer, limit]);
      } finally {
        waiting.delete(id);
        late.abort();
      }
    },
    answered: (id, answer) => settle(id, ({ resolve }) => resolve(answer)),
    failed: (id, problem) => settle(id, ({ reject }) => reject(new Error(problem))),
    end() {
      isOver = true;
      for (const { reject } of waiting.values()) reject(new Error('it has ended'));
      waiting.clear();
    },
  };
}
