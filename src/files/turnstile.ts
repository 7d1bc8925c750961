/** A disk that does not answer. `code` is stable. */
export class DiskSilent extends Error {
  override readonly name = "DiskSilent";
  readonly code = "E_DISK_SILENT";
}

/**
 * Lets a few at a time at a disk that may stop answering. Node has four threads for the files of the whole process, and
 * a call into a dead mount never gives its thread back: what is let in here holds at most `places` of them, and what is
 * known not to answer holds no second one.
 */
export class Turnstile {
  readonly #places: number;
  readonly #patience: number;
  readonly #waiting: (() => void)[] = [];
  readonly #silent = new Set<string>();
  #inside = 0;

  /** `patience`: ms that an answer may take. */
  constructor(places: number, patience: number) {
    this.#places = places;
    this.#patience = patience;
  }

  /**
   * Runs `work` as soon as there is a place. What comes after the patience has ended goes to `late`, which frees it; the
   * place stays taken until then, and everyone else who comes for `what` is turned away meanwhile.
   * @throws DiskSilent when no answer came in time, and at once where one is still owed. What `work` rejects with else.
   */
  pass<T>(what: string, work: () => Promise<T>, late: (answer: T) => void): Promise<T> {
    if (this.#silent.has(what)) return Promise.reject(silence(what));
    return new Promise<T>((resolve, reject) => {
      let over = false;
      let began = false;
      const enter = () => {
        if (over) {
          this.#leave();
          return;
        }
        began = true;
        work()
          .then(
            (answer) => (over ? late(answer) : resolve(answer)),
            (error: unknown) => reject(error),
          )
          .finally(() => {
            clearTimeout(timer);
            this.#silent.delete(what);
            this.#leave();
          });
      };
      const timer = setTimeout(() => {
        over = true;
        if (began) this.#silent.add(what);
        reject(silence(what));
      }, this.#patience);
      timer.unref();
      if (this.#inside >= this.#places) this.#waiting.push(enter);
      else {
        this.#inside++;
        enter();
      }
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inside--;
    else next();
  }
}

function silence(what: string): DiskSilent {
  return new DiskSilent(`the disk or mount under ${what} does not answer`);
}
