/** Characters that are made in one turn of the event loop, about. */
const PIECE = 65_536;

/** The JSON text of a plain value, however long its lists are: the event loop goes on between its pieces. */
export function jsonStream(value: unknown): ReadableStream<Uint8Array> {
  const pieces = jsonPieces(value);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve));
      let text = "";
      while (text.length < PIECE) {
        const piece = pieces.next();
        if (piece.done === true) break;
        text += piece.value;
      }
      if (text === "") controller.close();
      else controller.enqueue(encoder.encode(text));
    },
  });
}

/** The JSON text of a value, an element of its long lists at a time. */
function* jsonPieces(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const [i, one] of value.entries()) yield `${i === 0 ? "[" : ","}${JSON.stringify(one) ?? "null"}`;
    yield value.length === 0 ? "[]" : "]";
  } else if (typeof value === "object" && value !== null) {
    let before = "{";
    for (const [name, one] of Object.entries(value)) {
      if (one === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* jsonPieces(one);
      before = ",";
    }
    yield before === "{" ? "{}" : "}";
  } else {
    yield JSON.stringify(value) ?? "null";
  }
}
