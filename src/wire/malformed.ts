/** Octets from the network that cannot be what they claim to be. The only error a codec throws. */
export class MalformedPacket extends Error {
  override readonly name = "MalformedPacket";
}
