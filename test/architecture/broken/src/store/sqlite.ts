export const open = (): string => "memory";
