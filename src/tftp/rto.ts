/** What is known of the way to the client and back. Times are milliseconds. */
export interface RoundTrip {
  /** Smoothed round trip; undefined until one has been measured. */
  readonly smoothed: number | undefined;
  readonly variation: number;
  /** How long to wait for an ACK before sending again. */
  readonly rto: number;
}

/**
 * Until a round trip has been measured. RFC 6298 §2.1 says one second, which is also when many clients ask again by
 * themselves: their second ACK would then be measured as the answer to our first packet.
 */
export const UNMEASURED: RoundTrip = { smoothed: undefined, variation: 0, rto: 500 };

/** Below this a busy phone, or a pause of our own process, would look like a loss. */
const SHORTEST = 50;

/** The first packet of a transfer may find a client that is busy with the last one's octets. */
const REMEMBERED = 200;

/** A phone on a bad link must not be left alone for longer than it waits itself (4 s on a 7940, cisco.md §8). */
const LONGEST = 8000;

/**
 * The estimate after one more measured round trip of `sample` ms (RFC 6298 §2.2 and §2.3; RFC 1123 §4.2.3.2 asks TFTP
 * for it). Never measure a packet that was sent twice (Karn): nobody knows which of the two was answered.
 */
export function measured(before: RoundTrip, sample: number): RoundTrip {
  const smoothed = before.smoothed === undefined ? sample : before.smoothed * 0.875 + sample * 0.125;
  const variation =
    before.smoothed === undefined ? sample / 2 : before.variation * 0.75 + Math.abs(before.smoothed - sample) * 0.25;
  return { smoothed, variation, rto: Math.min(LONGEST, Math.max(SHORTEST, smoothed + 4 * variation)) };
}

/** The estimate after a wait that no ACK ended: twice the wait, up to 8 s (RFC 6298 §5.5). */
export function backedOff(before: RoundTrip, ceiling: number | undefined): RoundTrip {
  return { ...before, rto: Math.min(LONGEST, 2 * firstWait(before, ceiling)) };
}

/**
 * The estimate when a packet that was sent more than once is answered, `since` ms after its first sending. Which of the
 * sendings was answered nobody knows (Karn), but the round trip was no longer than `since`: to wait a little longer
 * for the next packet is enough to measure it, and a loss does not slow down all that follows. `since` never shortens the
 * wait of a way that was measured.
 */
export function bounded(before: RoundTrip, since: number): RoundTrip {
  const measuredRto = before.smoothed === undefined ? SHORTEST : before.smoothed + 4 * before.variation;
  return { ...before, rto: Math.min(before.rto, Math.max(SHORTEST, measuredRto, 1.5 * since)) };
}

/** What a new transfer to a client assumes whose round trip was measured in an earlier one. */
export function remembered(before: RoundTrip): RoundTrip {
  return { ...before, rto: Math.max(REMEMBERED, before.rto) };
}

/** How long to wait after the first sending, ms. `ceiling`, the negotiated timeout in ms, bounds it. */
export function firstWait(roundTrip: RoundTrip, ceiling: number | undefined): number {
  return ceiling === undefined ? roundTrip.rto : Math.min(ceiling, roundTrip.rto);
}

/**
 * How long to wait after a further sending, ms: spread by 10 % to either side with `dice` (0..1), so that phones which
 * lost power together do not come back together.
 */
export function furtherWait(roundTrip: RoundTrip, dice: number): number {
  return roundTrip.rto * (0.9 + 0.2 * dice);
}
