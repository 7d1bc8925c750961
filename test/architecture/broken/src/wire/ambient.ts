export const now = (): number => Date.now();
export const dice = (): number => Math.random();
export const text = (): string => Buffer.from("x").toString();
