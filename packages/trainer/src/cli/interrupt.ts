/** The exit code of a process that a signal ended, as shells count it. */
const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Listens for Ctrl-C (and a scheduler's SIGTERM) while a run is going. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Exit code to end with; undefined when nobody interrupted. */
  code(): number | undefined;
  /** Stops listening. */
  release(): void;
}

/** The first signal asks the run to end after its step; a second one ends the process at once. */
export function listenForInterrupt(say: (text: string) => void): Interrupt {
  const controller = new AbortController();
  let received: number | undefined;
  const onSignal = (name: keyof typeof codes) => {
    if (received !== undefined) process.exit(codes[name]);
    received = codes[name];
    say('finishing this step and saving a checkpoint; once more to stop at once');
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    code: () => received,
    release: () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}
