/** Milliseconds of work in one turn of the event loop. */
const SLICE = 5;

/**
 * Makes one of each of `many`, in order, and gives the event loop back whenever that took some milliseconds: however
 * many they are, phones are answered meanwhile.
 */
export async function mapInTurns<A, B>(many: Iterable<A>, make: (one: A) => B): Promise<B[]> {
  const made: B[] = [];
  let began = performance.now();
  for (const one of many) {
    made.push(make(one));
    if (performance.now() - began < SLICE) continue;
    await nextTurn();
    began = performance.now();
  }
  return made;
}

/** Resolves once the event loop has looked at its sockets and timers. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
