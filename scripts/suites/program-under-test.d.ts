export function programUnderTest(): string;
