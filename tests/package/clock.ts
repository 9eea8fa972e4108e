// Time that passes when a test says so: the clock that cannot jump, moved on by hand.

/** Whatever the package does while `act` runs sees this in the place of a global's method. */
export async function replaced<T extends object, K extends keyof T>(object: T, name: K, value: T[K], act: () => Promise<void>): Promise<void> {
  const before = object[name];
  object[name] = value;
  try {
    await act();
  } finally {
    object[name] = before;
  }
}

/** Runs `act` with a clock that `skip` moves on, or back, by so many seconds at once. */
export async function withClock(act: (skip: (seconds: number) => void) => Promise<void>): Promise<void> {
  const right = performance.now.bind(performance);
  let skipped = 0;
  await replaced(performance, "now", () => right() + skipped, () => act((seconds) => (skipped += seconds * 1000)));
}
