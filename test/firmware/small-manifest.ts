/** A manifest in plain data, small enough to be read at a glance: 1 - 2 - 3 (barrier) - 4, and 4 back to 3. */
export function smallManifest(): Record<string, unknown> & {
  releases: Record<string, unknown>[];
  rules: Record<string, unknown>[];
  blocked: Record<string, unknown>[];
} {
  const because = [{ reason: "Written for a test.", source: "T", grade: "A" }];
  const release = (load: string, version: string, more: object = {}) => ({
    load,
    protocol: "SIP",
    version,
    signed: false,
    files: [{ name: `${load}.bin`, role: "application", signed: false }],
    because,
    ...more,
  });
  const rule = (id: string, from: string, to: string, more: object = {}) => ({
    id,
    from: { loads: [from] },
    to: { loads: [to] },
    lever: "image_version",
    policy: "strict",
    typicalSeconds: 60,
    because,
    ...more,
  });
  return {
    schema: 1,
    family: "small",
    title: "A small family",
    sources: { T: "A test's own word" },
    releases: [
      release("L1", "1.0"),
      release("L2", "2.0"),
      release("L3", "3.0", { barrier: because[0] }),
      release("L4", "4.0"),
    ],
    rules: [
      rule("up-12", "L1", "L2"),
      rule("up-23", "L2", "L3"),
      rule("up-34", "L3", "L4"),
      rule("down-43", "L4", "L3", { oneWay: false }),
      rule("jump-14", "L1", "L4"),
      rule("short-24", "L2", "L4", { policy: "documented" }),
    ],
    blocked: [{ id: "never-41", from: { loads: ["L4"] }, to: { loads: ["L1"] }, because: because[0] }],
  };
}
