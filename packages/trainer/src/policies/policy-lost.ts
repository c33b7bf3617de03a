/** The weights of a policy are no longer where they were trained: only a checkpoint brings them back. */
export class PolicyLost extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PolicyLost';
  }
}
