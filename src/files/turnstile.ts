/** A disk that does not answer. `code` is stable. */
export class DiskSilent extends Error {
  override readonly name = "DiskSilent";
  readonly code = "E_DISK_SILENT";
}

/**
 * Lets a few at a time at a disk that may stop answering. Node has four threads for the files of the whole process, and
 * a call into a dead mount never gives its thread back: what is let in here holds at most `places` of them, one for each
 * thing that is asked for, and what is known not to answer holds no second one.
 */
export class Turnstile {
  readonly #places: number;
  readonly #patience: number;
  readonly #lines = new Map<string, Line>();
  /** Lines with somebody waiting and nobody inside, in the order in which that came to be. */
  readonly #ready: Line[] = [];
  #inside = 0;

  /** `patience`: ms that an answer may take. */
  constructor(places: number, patience: number) {
    this.#places = places;
    this.#patience = patience;
  }

  /**
   * Runs `work` as soon as there is a place and nobody else is inside for `what`. What comes after the patience has ended
   * goes to `late`, which frees it; the place stays taken until then, and whoever comes for `what` is turned away.
   * @throws DiskSilent when no answer came in time, and at once where one is still owed. What `work` rejects with else.
   */
  pass<T>(what: string, work: () => Promise<T>, late: (answer: T) => void): Promise<T> {
    const line = this.#lines.get(what) ?? { what, waiting: [], inside: undefined, silent: false };
    if (line.silent) return Promise.reject(silence(what));
    this.#lines.set(what, line);
    return new Promise<T>((resolve, reject) => {
      const visitor: Visitor = { over: false, enter: () => {} };
      const timer = setTimeout(() => {
        visitor.over = true;
        line.silent = line.inside === visitor;
        reject(silence(what));
      }, this.#patience);
      timer.unref();
      visitor.enter = () =>
        work()
          .then(
            (answer) => (visitor.over ? late(answer) : resolve(answer)),
            (error: unknown) => reject(error),
          )
          .finally(() => {
            clearTimeout(timer);
            this.#leave(line);
          });
      line.waiting.push(visitor);
      if (line.inside === undefined && line.waiting.length === 1) this.#ready.push(line);
      this.#admit();
    });
  }

  #admit(): void {
    while (this.#inside < this.#places) {
      const line = this.#ready.shift();
      if (line === undefined) return;
      const visitor = line.waiting.splice(0, line.waiting.findIndex(({ over }) => !over) + 1).at(-1);
      if (visitor === undefined) {
        this.#lines.delete(line.what);
        continue;
      }
      line.inside = visitor;
      this.#inside++;
      visitor.enter();
    }
  }

  #leave(line: Line): void {
    this.#inside--;
    line.inside = undefined;
    line.silent = false;
    if (line.waiting.length > 0) this.#ready.push(line);
    else this.#lines.delete(line.what);
    this.#admit();
  }
}

interface Visitor {
  over: boolean;
  enter: () => void;
}

/** All who have come for one thing. */
interface Line {
  readonly what: string;
  readonly waiting: Visitor[];
  inside: Visitor | undefined;
  silent: boolean;
}

function silence(what: string): DiskSilent {
  return new DiskSilent(`the disk or mount under ${what} does not answer`);
}
