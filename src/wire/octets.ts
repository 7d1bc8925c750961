/**
 * Cuts zeroed octets from larger pieces of memory: hundreds of datagrams share one, so that the collector has one to free
 * and not hundreds. A piece stays as long as anything cut from it.
 */
export function createCutter(): (length: number) => Uint8Array {
  let piece = new Uint8Array(PIECE);
  let used = 0;
  return (length) => {
    if (length > PIECE) return new Uint8Array(length);
    if (used + length > PIECE) {
      piece = new Uint8Array(PIECE);
      used = 0;
    }
    used += length;
    return piece.subarray(used - length, used);
  };
}

const PIECE = 64 * 1024;
