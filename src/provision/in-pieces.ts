/** Reads or writes of the store that are begun together: one commit takes them, and nobody waits for it for long. */
const TOGETHER = 100;

/**
 * Makes one of each of `many`, in order, out of what the store says: a hundred at a time, between which the event loop
 * goes on, so that phones are answered however many they are. Rejects as soon as one does; no further ones are begun.
 */
export async function mapInPieces<A, B>(many: readonly A[], make: (one: A, index: number) => Promise<B>): Promise<B[]> {
  const made: B[] = [];
  for (let i = 0; i < many.length; i += TOGETHER) {
    made.push(...(await Promise.all(many.slice(i, i + TOGETHER).map((one, n) => make(one, i + n)))));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return made;
}
